import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from evaluate import stage
from evaluate.comparison import snapshots
from evaluate.comparison.cache import Store
from evaluate.sets.sources import of_dataset, shuffled
from fashion_pggan.command.line import call
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[2]
COLUMNS = ["SWDx1e3_32", "SWDx1e3_16", "SWDx1e3_avg"]


def _run(source, models, reports, params, *, mirror, workers=2):
    return stage.run(
        source, models, reports, params, mirror=mirror, store=Store(reports / "store"), work=Work(workers)
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory, dataset, models, params):
    folder = tmp_path_factory.mktemp("reports")
    _run(dataset.folder, models, folder, params, mirror=True)
    return folder


def test_the_table_has_a_row_per_snapshot_and_the_published_columns(reports):
    with (reports / "swd.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "kimg",
        "images",
        *COLUMNS,
        *(f"{name}_{end}" for name in COLUMNS for end in ("low", "high")),
    ]
    assert [(float(row["kimg"]), int(row["images"])) for row in rows] == [(0, 24), (5, 24), (9, 24)]
    for row in rows:
        assert float(row["SWDx1e3_avg"]) == pytest.approx(
            (float(row["SWDx1e3_32"]) + float(row["SWDx1e3_16"])) / 2, abs=1e-3
        )


def test_the_metrics_name_the_best_snapshot_and_the_floor(reports):
    metrics = json.loads((reports / "swd.json").read_text())
    assert (metrics["images"], metrics["floor"]["kind"]) == (24, "disjoint")
    assert metrics["untrained"]["kimg"] == 0
    assert metrics["last"]["kimg"] == 9
    with (reports / "swd.csv").open(newline="") as file:
        averages = {float(row["kimg"]): float(row["SWDx1e3_avg"]) for row in csv.DictReader(file)}
    assert metrics["best"]["kimg"] == min(averages, key=averages.get)
    assert metrics["floor"]["SWDx1e3_avg"] < metrics["best"]["SWDx1e3_avg"]


def test_everything_measured_is_written_with_intervals_floors_and_ratios(reports, dataset):
    facts = json.loads((reports / "evaluation.json").read_text())
    metrics = json.loads((reports / "swd.json").read_text())
    assert (facts["dataset"], facts["mirror"], facts["images"], facts["seed"]) == (
        dataset.version,
        True,
        24,
        0,
    )
    assert facts["floor"]["about"] == "24 real images against 24 other real images"
    assert [row["kimg"] for row in facts["rows"]] == [0, 5, 9]
    assert facts["best"]["kimg"] == metrics["best"]["kimg"]
    assert facts["best"]["snapshot"] in [row["snapshot"] for row in facts["rows"]]
    for row in facts["rows"]:
        assert list(row["columns"]) == list(facts["floor"]["columns"]) == COLUMNS
        for name, cell in row["columns"].items():
            assert cell["low"] < cell["value"] < cell["high"]
            floor = facts["floor"]["columns"][name]["value"]
            assert cell["ratio_value"] == pytest.approx(cell["value"] / floor, rel=1e-3)
            assert cell["ratio_low"] < cell["ratio_value"] < cell["ratio_high"]


def test_the_nearest_training_images_are_written_and_shown(reports, params):
    copies = json.loads((reports / "copies.json").read_text())
    assert len(copies["generated"]) == len(copies["pairs"]) == params.copies_images
    assert len(copies["real"]) == 64
    apart = [
        min(pair["pixels"] / copies["threshold"], pair["bits"] / copies["copy_bits"])
        for pair in copies["pairs"]
    ]
    assert apart == sorted(apart)
    assert all(0 <= pair["training"] < 64 and 0 <= pair["bits"] <= 256 for pair in copies["pairs"])
    with Image.open(reports / "copies.png") as sheet:
        assert sheet.size == (8 * 32, 2 * 32)
    measures = json.loads((reports / "measures.json").read_text())
    assert measures["copies"]["images"] == params.copies_images
    assert measures["ms_ssim"]["pairs"] == params.variation_pairs
    assert measures["features"] is None


def test_rows_that_were_measured_are_not_measured_again(
    tmp_path, dataset, models, params, reports, monkeypatch
):
    """Killed at the second row; then the first is known, and the table is that of one that never stopped."""
    measured = []

    def killed_at(row):
        def compare(*arguments):
            measured.append(row)
            if len(measured) == row:
                raise KeyboardInterrupt
            return compared(*arguments)

        return compare

    compared = snapshots.compare
    monkeypatch.setattr(snapshots, "compare", killed_at(2))
    with pytest.raises(KeyboardInterrupt):
        _run(dataset.folder, models, tmp_path, params, mirror=True)
    measured.clear()
    monkeypatch.setattr(snapshots, "compare", killed_at(-1))
    _run(dataset.folder, models, tmp_path, params, mirror=True)
    assert len(measured) == 2
    assert (tmp_path / "swd.csv").read_bytes() == (reports / "swd.csv").read_bytes()


def test_a_missing_weights_file_is_said_before_anything_is_measured(tmp_path, dataset, models, params):
    named = params.model_copy(update={"feature_network": "inception.pt"})
    with pytest.raises(UserError, match=r"no feature network at inception\.pt: nothing is downloaded"):
        _run(dataset.folder, models, tmp_path, named, mirror=False)
    assert not (tmp_path / "store").exists()


class _Pooled(torch.nn.Module):
    def forward(self, planes):
        return torch.nn.functional.adaptive_avg_pool2d(planes, 2).flatten(1)


def test_a_network_of_the_users_measures_the_best_snapshot(tmp_path, dataset, models, params):
    weights = tmp_path / "pooled.pt2"
    example = torch.zeros(2, 3, 32, 32)
    batch = torch.export.Dim("batch", min=1)
    torch.export.save(torch.export.export(_Pooled(), (example,), dynamic_shapes=({0: batch},)), weights)
    named = params.model_copy(update={"feature_network": str(weights)})
    _run(dataset.folder, models, tmp_path, named, mirror=False)
    features = json.loads((tmp_path / "measures.json").read_text())["features"]
    assert (features["network"], features["images"]) == ("pooled.pt2", 24)
    assert features["fid"] > 0
    assert 0 <= features["precision"] <= 1


def test_a_small_dataset_has_the_floor_of_reused_images_and_says_so(tmp_path, dataset, models, params):
    evaluation = _run(
        dataset.folder, models, tmp_path, params.model_copy(update={"images": 1000}), mirror=False
    )
    assert evaluation.images == len(dataset) == 64
    assert json.loads((tmp_path / "swd.json").read_text())["floor"]["kind"] == "reused"
    assert "real (reused)" in evaluation.text()
    page = (tmp_path / "report.html").read_text()
    assert " times the reused-images floor</h1>" in page
    assert "the true floor is unavailable, because it takes 128 different real images" in page
    for text in (evaluation.text(), page):
        assert "1000 images per set were asked for, but there are 64: distances depend on the number" in text
    assert json.loads((tmp_path / "swd.json").read_text())["images_asked"] == 1000
    with (tmp_path / "swd_levels.csv").open(newline="") as file:
        assert {row["floor_kind"] for row in csv.DictReader(file)} == {"reused"}


def test_the_same_evaluation_gives_the_same_numbers(tmp_path, dataset, models, params, reports):
    _run(dataset.folder, models, tmp_path, params, mirror=True)
    assert (tmp_path / "swd.csv").read_bytes() == (reports / "swd.csv").read_bytes()


def test_mirrored_reals_are_the_same_images_half_of_them_turned(dataset):
    plain, mirrored = (
        of_dataset(dataset, np.arange(64), mirror_seed=seed).read(range(64)) for seed in (None, 0)
    )
    turned = [not (one == other).all() for one, other in zip(plain, mirrored, strict=True)]
    assert 15 < sum(turned) < 50
    for one, other in zip(plain, mirrored, strict=True):
        assert (one == other).all() or (one[:, ::-1] == other).all()


def test_the_sets_are_drawn_from_the_whole_dataset_not_from_its_beginning(
    tmp_path, write_dataset, make_images, params
):
    dark, bright = make_images(100, 32, 1) // 8, make_images(100, 32, 2) // 8 + 200
    dataset = write_dataset(tmp_path / "sorted", np.concatenate([dark, bright]))
    order = shuffled(200, params.seed)
    assert sorted(order) == list(range(200))
    for part in (order[:100], order[100:]):
        means = of_dataset(dataset, part).read(range(100)).mean(axis=(1, 2, 3))
        assert 30 < (means > 128).sum() < 70


def test_models_of_another_dataset_are_refused(tmp_path, models, params, write_dataset, make_images):
    other = write_dataset(tmp_path / "other", make_images(8, 32, 5))
    with pytest.raises(UserError, match=r"was trained on dataset .*: run dvc repro train"):
        _run(other.folder, models, tmp_path, params, mirror=False)


def test_images_below_the_smallest_level_are_refused(tmp_path, models, params, write_dataset, make_images):
    small = write_dataset(tmp_path / "small", make_images(8, 8, 5))
    with pytest.raises(UserError, match=r"images of 8 px have no level of 16 px: lower evaluate\.smallest"):
        _run(small.folder, models, tmp_path, params, mirror=False)


def _evaluate(*arguments, store="runs/tests"):
    command = [sys.executable, "-m", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)


def _folder(path, images):
    path.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image).save(path / f"{index}.png")
    return path


def test_any_two_folders_or_datasets_can_be_compared(tmp_path, dataset, make_images):
    folder = _folder(tmp_path / "images", make_images(12, 32, 3))
    ended = _evaluate(folder, dataset.folder)
    assert ended.returncode == 0, ended.stderr
    header, row, interval, *_ = ended.stdout.splitlines()
    assert header.split() == COLUMNS
    assert row.split()[0] == "distance"
    ends = [map(float, pair.split("\u2013")) for pair in interval.split()]
    for value, (low, high) in zip(row.split()[1:], ends, strict=True):
        assert 0 < low < float(value) < high
    assert "12 images per set, seed 0; lower is better" in ended.stdout
    assert "12 and 64 images were cut to 12 per set" in ended.stdout


def test_an_image_that_does_not_fit_is_named(tmp_path, make_images, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    folder = _folder(tmp_path / "images", make_images(3, 32, 3))
    Image.new("RGB", (32, 20)).save(folder / "wide.png")
    with pytest.raises(UserError, match=r"wide\.png is 32 x 20 px: all images must be squares of one size"):
        call("evaluate", str(folder), str(folder))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "nowhere"], "no folder at nowhere"),
        (["{empty}", "{empty}"], "no images in"),
        (["{empty}", "{empty}", "--images", "0"], "--images 0: give 1 or more"),
        (["snapshots", "{empty}", "{empty}", "{empty}"], "no dataset in"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, arguments, says, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(UserError) as caught:
        call("evaluate", *(part.format(empty=tmp_path) for part in arguments))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
