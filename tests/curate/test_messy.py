"""The collection of broken and odd files: each has its expected outcome written beside it."""

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from curate.facts.row import SCHEMA, columns_of
from curate.judge import judge
from curate.known.examine import examine
from curate.known.measures import measures_of
from curate.pixels.decode import decode, open_image
from fashion_pggan.params import load_params

MESSY = Path(__file__).parents[3] / "shared/messy"
PARAMS = load_params(Path(__file__).parents[2] / "presets" / "photos.yaml").curate.model_copy(
    update={
        "resolution": 32,
        "min_side": 256,
        "max_aspect": 2.5,
        "max_pixels": 64_000_000,
        "min_deviation": 2.0,
    }
)


def _rows() -> list[dict[str, str]]:
    if not MESSY.is_dir():
        return []
    with (MESSY / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _id(row: dict[str, str]) -> str:
    return row["file"]


@pytest.mark.parametrize("row", _rows(), ids=_id)
def test_each_messy_file_has_its_expected_outcome(row):
    """Files whose expectation is to be a near duplicate are usable by themselves."""
    facts = examine(MESSY / "files" / row["file"], PARAMS).facts
    table = pa.Table.from_pylist([facts], schema=SCHEMA)
    reason = str(judge(columns_of(measures_of(table, [], styles=False)), PARAMS)[0])
    allowed = set(re.findall(r"reject:(\w+)", row["expected"]))
    if row["expected"].startswith("accept") or "|accept" in row["expected"]:
        allowed.add("")
    assert reason in allowed


@pytest.mark.parametrize("row", [row for row in _rows() if row["mad_tolerance"]], ids=_id)
def test_each_messy_file_looks_like_its_reference(row):
    pixels = decode(open_image((MESSY / "files" / row["file"]).read_bytes())).pixels.astype(float)
    with Image.open(MESSY / "reference" / row["reference"]) as reference:
        expected = np.asarray(reference.convert("RGB")).astype(float)
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).mean() <= float(row["mad_tolerance"])


def test_the_collection_is_there_or_is_missed(shared):
    assert len(_rows()) == 75


def test_the_copies_among_them_are_found(shared, tmp_path, run):
    names = [row["file"] for row in _rows() if row["category"] == "dup"]
    (tmp_path / "raw").mkdir()
    for name in names:
        shutil.copy(MESSY / "files" / name, tmp_path / "raw" / name)
    outcomes = run(tmp_path / "raw", tmp_path / "out", PARAMS)
    assert outcomes == {"kept": 1, "DUPLICATE": len(names) - 1}
