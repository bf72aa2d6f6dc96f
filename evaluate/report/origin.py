"""What was evaluated, and the provenance of its numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluate.results.evaluation import Evaluation
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import duration
from fashion_pggan.provenance import cores, git_commit
from fashion_pggan.storage.shards import Dataset


@dataclass(frozen=True)
class Subject:
    """What was evaluated, and where its files are.

    Args:
        reports: folder for the page; holds the stages' reports, of which any may be missing.
        models: the train stage's output.
        snapshots: a file per row of the evaluation.
        dataset: the training's dataset.
        settings: the text of params.yaml.
    """

    reports: Path
    models: Path
    snapshots: list[Path]
    dataset: Dataset
    settings: str = ""


def origin_of(
    subject: Subject,
    evaluation: Evaluation,
    facts: dict[str, Any],
    params: EvaluateParams,
    work: Work,
    seconds: float,
) -> dict[str, str]:
    """The provenance of the numbers, by label."""
    train, dataset = facts["train"], subject.dataset
    stages = {name: facts[name].get("seconds") for name in ("crawl", "curate", "train")} | {
        "evaluate": seconds
    }
    times = [f"{name} {duration(spent)}" for name, spent in stages.items() if spent is not None]
    where = cores() if work.device is None else f"{work.device}, {cores()}"
    labelled = {
        "dataset": f"{dataset.version}, {len(dataset):,} images of {dataset.resolution} px",
        "best snapshot": evaluation.best.snapshot,
        "training parameters": train.get("params_hash", ""),
        "resumed with changes": train.get("history", ""),
        "trained by commit": train.get("git_commit", ""),
        "trained on": f"{train['processes']} process{'es' * (train['processes'] != 1)} on {train['device']}"
        f" ({train.get('hardware', 'hardware not recorded')})"
        if train
        else "",
        "evaluated by commit": git_commit(),
        "evaluated on": where,
        "time": ", ".join(times),
        "evaluation": f"{evaluation.images:,} images per set, {params.patches_per_image} patches of "
        f"{params.patch_side} px of each, {params.repeats} x {params.directions} directions, "
        f"seed {params.seed}",
    }
    return {label: value for label, value in labelled.items() if value}
