"""Facts that nothing reads are not measured, and those that are asked for later are measured alone."""

import json
import statistics

import pyarrow.parquet as pq
import pytest

from curate.copies.closer import CloserLook
from curate.facts.detail import Detail
from curate.known import examine, known
from curate.known.asked import COLUMNS, MEASURES, kinds_for
from curate.pixels.failure import Failure
from fashion_pggan.storage.records import CuratedImage, read_records

EVIDENCE = {"sharpness", "banner", "faces", "box_left", "hanging", "style_flat"}


@pytest.fixture
def curated(wild, tmp_path, params, run):
    """The figures of a run, and what it measured, by SHA-256."""

    def curate(**changes):
        run(wild, tmp_path / "out", params.model_copy(update=changes), report=tmp_path / "curate.json")
        measures = pq.read_table(tmp_path / "out/measures.parquet").to_pylist()
        return json.loads((tmp_path / "curate.json").read_text()), {row["sha256"]: row for row in measures}

    return curate


@pytest.mark.parametrize(
    ("changes", "read"),
    [
        ({}, set()),
        ({"max_banner": 0.5}, {"quality"}),
        ({"max_collage": 0.5}, {"quality"}),
        ({"min_sharpness": 1.0}, {"quality"}),
        ({"crop": "garment"}, {"garment"}),
        ({"styles": ["flat"]}, {"quality", "garment", "shown"}),
        ({"max_scores": {"worn": 0.5}}, {"quality", "garment", "shown"}),
        ({"min_garment": 0.5}, {"recognised"}),
        ({"measure": "all"}, {"quality", "garment", "shown", "recognised"}),
    ],
)
def test_a_kind_is_measured_where_a_parameter_reads_it(params, changes, read):
    kinds = kinds_for(params.model_copy(update=changes))
    assert {kind.name for kind in kinds if kind.read} == read
    assert {kind.columns for kind in kinds} <= {*COLUMNS, CloserLook, Detail}


def test_without_a_question_there_is_no_answer_and_no_work(curated, monkeypatch, tmp_path):
    figures, measured = curated(near_bits=0)
    assert not {"styles", "worn_by"} & set(figures)
    assert {row[name] for row in measured.values() for name in EVIDENCE} == {None}
    assert {row.style for row in read_records(tmp_path / "out/manifest.parquet", CuratedImage)} == {""}
    assert "`curate.measure: all`" in (tmp_path / "out/datasheet.md").read_text()
    assert not list((tmp_path / "out/sheets").glob("style-*"))


def test_what_is_asked_for_later_is_measured_once_and_gives_what_a_fresh_run_gives(
    curated, wild, tmp_path, params, run, tree
):
    curated()
    figures, measured = curated(measure="all")
    with_pixels = [row for row in measured.values() if row["pixels_hash"]]
    assert figures["decoded"] == len(with_pixels) < len(measured)
    assert all(row[name] is not None for row in with_pixels for name in EVIDENCE)
    assert sum(figures["styles"].values()) == figures["kept"]
    asked = params.model_copy(update={"measure": "all"})
    run(wild, tmp_path / "fresh", asked, knowledge=tmp_path / "nothing known")
    assert tree(tmp_path / "fresh") == tree(tmp_path / "out")
    assert curated(measure="all")[0]["decoded"] == curated()[0]["decoded"] == 0


def test_a_threshold_that_comes_later_decides_about_what_is_known(curated):
    curated()
    measured = curated(min_sharpness=0.01)[1].values()
    middle = statistics.median(row["sharpness"] for row in measured if row["sharpness"] is not None)
    assert curated(min_sharpness=middle)[0]["dropped"]["BLURRED"] > 0
    assert {row["faces"] for row in measured} == {None}


def test_an_image_that_takes_a_worker_down_when_more_is_asked_loses_its_pixels_alone(curated, monkeypatch):
    curated()

    def one_dies(images, kinds, params, each):
        results = (examine.measure_file(image, kinds, params.max_pixels) for image in images[1:])
        return iter([None, *results])

    monkeypatch.setattr(known, "measure_all", one_dies)
    figures, measured = curated(measure="all")
    (died,) = (row for row in measured.values() if row["failure"] == Failure.DECODER_DIED)
    assert (died["width"], died["pixels_hash"], died["style"]) == (120, None, "")
    assert figures["dropped"]["DECODER_DIED"] == 1
    monkeypatch.undo()
    assert "DECODER_DIED" not in curated(measure="all")[0]["dropped"]  # it is tried again


def test_every_column_belongs_to_one_kind():
    assert len(set(MEASURES.names)) == len(MEASURES.names)
