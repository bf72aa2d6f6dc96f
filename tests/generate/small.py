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
    """The rows of a dataset's manifest, which lies in `train/` where images have labels."""
    place = folder / "train" if (folder / "train").is_dir() else folder
    rows = [json.loads(line) for line in (place / "metadata.jsonl").read_text().splitlines()]
    return [row | {"file_name": f"{place.relative_to(folder).as_posix()}/{row['file_name']}"} for row in rows]


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
