import csv
import json
import shutil

import pytest
from PIL import Image

from evaluate import stage
from evaluate.comparison import snapshots
from evaluate.comparison.cache import Store
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from generate.sampling.sampler import Sampler, snapshots_in
from train.saved.snapshot import Origin, write_snapshot

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


def test_a_few_metrics_fit_into_a_terminal(reports):
    few, metrics = (json.loads((reports / f"{name}.json").read_text()) for name in ("metrics", "swd"))
    assert few == {
        "kimg": metrics["best"]["kimg"],
        "SWDx1e3": round(metrics["best_again"]["SWDx1e3_avg"], 2),
        "ratio": round(metrics["best_again"]["ratio_to_floor"], 2),
        "floor": round(metrics["floor"]["SWDx1e3_avg"], 2),
        "untrained": round(metrics["untrained"]["SWDx1e3_avg"], 2),
    }
    widest = {"Path": "reports/metrics.json", **dict.fromkeys(few, "8861.80"), "SWDx1e3": "1000.00"}
    gaps = 4 * (len(widest) - 1)  # as `dvc metrics show` puts them
    assert sum(max(len(name), len(value)) for name, value in widest.items()) + gaps <= 80


def test_everything_measured_is_written_with_intervals_floors_and_ratios(reports, dataset):
    facts = json.loads((reports / "evaluation.json").read_text())
    metrics = json.loads((reports / "swd.json").read_text())
    assert (facts["dataset"], facts["mirror"], facts["images"], facts["seed"]) == (
        dataset.version,
        True,
        24,
        0,
    )
    assert [verdict["question"] for verdict in facts["verdicts"]].count("Do its images vary?") == 1
    assert f"<h1>{facts['headline'].capitalize()}</h1>" in (reports / "report.html").read_text()
    again = facts["best_again"]
    assert 0 <= again["chances"]["farther"] <= 1
    value = again["columns"]["SWDx1e3_avg"]["value"]
    assert value == metrics["best_again"]["SWDx1e3_avg"] != metrics["best"]["SWDx1e3_avg"]
    assert f"distance {value:.2f}" in (reports / "report.html").read_text()
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
    """Killed at the second row; then the floor and the first row are known; the table is as it would be."""
    measured = []

    def killed_at(row):
        def compare(*arguments, **options):
            measured.append(row)
            if len(measured) == row:
                raise KeyboardInterrupt
            return compared(*arguments, **options)

        return compare

    compared = snapshots.compare
    monkeypatch.setattr(snapshots, "compare", killed_at(3))
    with pytest.raises(KeyboardInterrupt):
        _run(dataset.folder, models, tmp_path, params, mirror=True)
    measured.clear()
    monkeypatch.setattr(snapshots, "compare", killed_at(-1))
    _run(dataset.folder, models, tmp_path, params, mirror=True)
    assert len(measured) == 3  # two rows, and the best again
    assert (tmp_path / "swd.csv").read_bytes() == (reports / "swd.csv").read_bytes()


def test_a_missing_weights_file_is_said_before_anything_is_measured(tmp_path, dataset, models, params):
    named = params.model_copy(update={"feature_network": "inception.pt"})
    with pytest.raises(UserError, match=r"no feature network at inception\.pt: give a file of your own"):
        _run(dataset.folder, models, tmp_path, named, mirror=False)
    assert not (tmp_path / "store").exists()


def test_a_network_of_the_users_measures_the_best_snapshot(tmp_path, dataset, models, params, write_network):
    named = params.model_copy(update={"feature_network": str(write_network("pt"))})
    _run(dataset.folder, models, tmp_path, named, mirror=False)
    features = json.loads((tmp_path / "measures.json").read_text())["features"]
    assert (features["network"], features["images"]) == ("network.pt", 24)
    assert features["fid"] > 0
    assert 0 <= features["precision"] <= 1


def test_a_small_dataset_has_the_floor_of_reused_images_and_says_so(tmp_path, dataset, models, params):
    evaluation, _ = _run(
        dataset.folder, models, tmp_path, params.model_copy(update={"images": 1000}), mirror=False
    )
    assert evaluation.images == len(dataset) == 64
    assert json.loads((tmp_path / "swd.json").read_text())["floor"]["kind"] == "reused"
    assert "real (reused)" in evaluation.text()
    page = (tmp_path / "report.html").read_text()
    assert " times the reused-images floor.</b></p>" in page
    assert "the true floor is unavailable, because it takes 128 different real images" in page
    for text in (evaluation.text(), page):
        assert "1000 images per set were asked for, but there are 64: distances depend on the number" in text
    assert json.loads((tmp_path / "swd.json").read_text())["images_asked"] == 1000
    with (tmp_path / "swd_levels.csv").open(newline="") as file:
        assert {row["floor_kind"] for row in csv.DictReader(file)} == {"reused"}


def test_the_same_evaluation_gives_the_same_numbers(tmp_path, dataset, models, params, reports):
    _run(dataset.folder, models, tmp_path, params, mirror=True)
    assert (tmp_path / "swd.csv").read_bytes() == (reports / "swd.csv").read_bytes()


def test_models_of_another_dataset_are_refused(tmp_path, models, params, write_dataset, make_images):
    other = write_dataset(tmp_path / "other", make_images(8, 32, 5))
    with pytest.raises(UserError, match=r"was trained on dataset .*: run dvc repro train"):
        _run(other.folder, models, tmp_path, params, mirror=False)


def test_a_run_that_went_on_with_more_images_is_measured_with_its_earlier_snapshots(
    tmp_path, dataset, models, params
):
    shutil.copytree(models, tmp_path / "models")
    (first, *_) = snapshots_in(tmp_path / "models")
    generator = Sampler.load(first).generator
    write_snapshot(first, generator, Origin(0.0, 3.0, "params", "of fewer images", "commit"))
    evaluation, _ = _run(dataset.folder, tmp_path / "models", tmp_path, params, mirror=False)
    assert len(evaluation.rows) == 3


def test_images_below_the_smallest_level_are_refused(tmp_path, models, params, write_dataset, make_images):
    small = write_dataset(tmp_path / "small", make_images(8, 8, 5))
    with pytest.raises(UserError, match=r"images of 8 px have no level of 16 px: lower evaluate\.smallest"):
        _run(small.folder, models, tmp_path, params, mirror=False)
