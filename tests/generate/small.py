"""Parameters of a small dataset, and what lies in a generated one."""

import json
from pathlib import Path

from fashion_pggan.params import load_params

REPOSITORY = Path(__file__).parents[2]
PARAMS = load_params(REPOSITORY / "params.yaml").generate.model_copy(
    update={"count": 10, "seed": 5, "minibatch": 4}
)


def with_(**changes):
    return PARAMS.model_copy(update=changes)


def rows_of(folder):
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
