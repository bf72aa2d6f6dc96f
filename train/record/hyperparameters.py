"""Where a run comes from, and its parameters, as a table for TensorBoard."""

import json

import torch

from fashion_pggan.storage.escaped import markdown
from train.record.training import Training


def provenance_of(training: Training) -> str:
    """A Markdown table with a row for each fact and each parameter."""
    facts = {
        **training.identity,
        **training.params.model_dump(mode="json"),
        "git_commit": training.git_commit,
        "history": [str(change) for change in training.about.history],
        "device": str(training.ranks.device),
        "torch": torch.__version__,
    }
    rows = [f"| {name} | {markdown(json.dumps(value))} |" for name, value in facts.items()]
    return "\n".join(["| name | value |", "|---|---|", *rows])
