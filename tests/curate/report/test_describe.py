import csv

import numpy as np
import pytest
from PIL import Image

from curate.report.contact_sheets import SIDE
from curate.report.plots import reasons_of, sizes_of
from curate.report.thumbnails import thumbnail_of, thumbnails_of
from curate.workers.local import locally
from fashion_pggan.storage.records import CuratedImage, read_records


@pytest.fixture(scope="module")
def wild(tmp_path_factory, make_image, encode):
    """A few images for each of five outcomes, and a page."""
    folder = tmp_path_factory.mktemp("wild")
    for seed in range(4):
        (folder / f"{seed}.png").write_bytes(encode(make_image(seed=seed)))
    (folder / "copy.bmp").write_bytes(encode(make_image(seed=2), "BMP"))
    (folder / "small.png").write_bytes(encode(make_image(40, 30, seed=8)))
    (folder / "wide.png").write_bytes(encode(make_image(300, 70, seed=9)))
    (folder / "small and broken.png").write_bytes(encode(make_image(30, 30, seed=8))[:-99])
    (folder / "page.jpg").write_bytes(b"<html></html>")
    (folder / "half.jpg").write_bytes(encode(make_image(seed=5), "JPEG")[:-900])
    return folder


@pytest.fixture(scope="module")
def described(wild, tmp_path_factory, params, run):
    folder = tmp_path_factory.mktemp("out")
    run(wild, folder / "data", params.model_copy(update={"measure": "all"}), plots=folder / "plots")
    return folder


def _sheet(described, name):
    with Image.open(described / f"data/sheets/{name}.png") as image:
        return np.asarray(image)


def test_there_is_a_sheet_for_every_outcome(described):
    names = {path.stem for path in (described / "data/sheets").iterdir()}
    styles = {name for name in names if name.startswith("style-")}
    assert styles
    extremes = {"kept-darkest", "kept-blurred", "kept-unusual"}
    assert names - styles - extremes == {"kept", "ASPECT", "DUPLICATE", "NOT_IMAGE", "TOO_SMALL", "TRUNCATED"}
    assert extremes <= names
    assert (described / "data/datasheet.md").read_text().startswith("# Datasheet of dataset ")


def test_what_was_dropped_is_seen_as_it_was_received(described, wild):
    expected = thumbnail_of(wild / "wide.png", SIDE, 10**6)
    sheet = _sheet(described, "ASPECT").astype(int)
    shown = sheet[6 + (SIDE - 30) // 2 :][: expected.shape[0], 6 : 6 + SIDE]
    assert np.abs(shown - expected).mean() < 1


def test_a_copy_has_the_image_that_was_kept_beside_it(described):
    sheet = _sheet(described, "DUPLICATE").astype(int)
    assert sheet.shape[1] == 2 * (SIDE + 6) + 6
    np.testing.assert_array_equal(sheet[6 : 6 + SIDE, 6 : 6 + SIDE], sheet[6 : 6 + SIDE, 12 + SIDE : -6])


def test_where_nothing_can_be_seen_a_grey_tile_says_why(described):
    for name in ("NOT_IMAGE", "TRUNCATED"):
        assert set(np.unique(_sheet(described, name)[8:30, 8:30])) == {208}


def test_a_small_image_that_is_broken_too_is_a_grey_tile(described):
    sheet = _sheet(described, "TOO_SMALL")
    corners = [set(np.unique(sheet[60:64, left : left + 4])) for left in (20, 26 + SIDE)]
    assert sorted(corner == {208} for corner in corners) == [False, True]


def test_the_kept_ones_are_seen_as_they_are_in_the_dataset(described):
    assert _sheet(described, "kept").shape[1] == 4 * (SIDE + 6) + 6
    blocks = _sheet(described, "kept")[6 : 6 + SIDE, 6 : 6 + SIDE].reshape(32, 4, 32, 4, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()


def test_all_that_describes_a_dataset_is_the_same_on_repetition(described, wild, tmp_path, params, run):
    run(wild, tmp_path / "data", params.model_copy(update={"measure": "all"}))
    for name in ("datasheet.md", "sheets/kept.png", "sheets/DUPLICATE.png", "sheets/ASPECT.png"):
        assert (tmp_path / "data" / name).read_bytes() == (described / "data" / name).read_bytes()


def test_the_files_for_plots_count_every_raw_image(described):
    rows = read_records(described / "data/manifest.parquet", CuratedImage)
    with (described / "plots/curate_reasons.csv").open(newline="") as file:
        reasons = {row["reason"]: int(row["count"]) for row in csv.DictReader(file)}
    assert reasons == {
        "kept": 4,
        "ASPECT": 1,
        "DUPLICATE": 1,
        "NOT_IMAGE": 1,
        "TOO_SMALL": 2,
        "TRUNCATED": 1,
    }
    assert list(reasons.items()) == reasons_of(rows)
    with (described / "plots/curate_sizes.csv").open(newline="") as file:
        sizes = {row["short_side"]: int(row["count"]) for row in csv.DictReader(file)}
    assert {name: count for name, count in sizes.items() if count} == {"0001-0063": 2, "0064-0127": 7}
    assert list(sizes) == sorted(sizes)


@pytest.mark.parametrize(("side", "name"), [(63, "0001-0063"), (64, "0064-0127"), (4096, "4096 and more")])
def test_a_size_at_the_edge_belongs_to_the_range_it_begins(described, side, name):
    row = read_records(described / "data/manifest.parquet", CuratedImage)[0]
    counted = dict(sizes_of([row.model_copy(update={"width": side, "height": 9000})]))
    assert [key for key, count in counted.items() if count] == [name]


def test_an_image_with_too_many_pixels_is_not_decoded(wild):
    assert thumbnail_of(wild / "wide.png", 64, 300 * 70 - 1) is None
    assert thumbnail_of(wild / "wide.png", 64, 300 * 70).shape == (15, 64, 3)
    assert thumbnail_of(wild / "page.jpg", 64, 10**6) is None


def test_no_images_need_no_process():
    assert list(thumbnails_of([], side=64, max_pixels=1, each=locally(2))) == []
