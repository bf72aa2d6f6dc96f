"""The stage and the command on a dataset with labels."""

import json

import pytest
import torch

from evaluate import stage
from evaluate.comparison.cache import Store
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, snapshot_path, write_snapshot

LABELS = ["hoodie"] * 40 + ["shirt"] * 44 + ["polo"] * 3


@pytest.fixture(scope="module")
def labelled(tmp_path_factory, write_dataset, make_images):
    folder = tmp_path_factory.mktemp("labelled") / "curated"
    return write_dataset(folder, make_images(87, 32, seed=4), range(0, 87, 3), 0.3, LABELS)


@pytest.fixture(scope="module")
def write_models():
    def write(folder, dataset):
        torch.manual_seed(0)
        shares = {"hoodie": 0.45, "polo": 0.05, "shirt": 0.5}
        origin = Origin(5.0, 0.0, "params", dataset.version, "commit", shares)
        generator = Generator(Architecture(32, 8, 64, 8, label_size=3))
        write_snapshot(snapshot_path(folder / "snapshots", 5_000), generator, origin)
        return folder

    return write


@pytest.fixture(scope="module")
def obeying(tmp_path_factory, labelled, write_models):
    return write_models(tmp_path_factory.mktemp("obeying"), labelled)


@pytest.fixture(scope="module")
def few(params):
    changes = {"classifier_seeds": 2, "classifier_kimg": 0.064, "classifier_shares": [0.5]}
    return params.model_copy(update={**changes, "classifier_side": 16, "label_fewest": 5})


@pytest.fixture(scope="module")
def reports(tmp_path_factory, labelled, obeying, few):
    folder = tmp_path_factory.mktemp("reports")
    _run(labelled, obeying, folder, few)
    return folder


def _run(dataset, models, reports, params):
    options = {"mirror": True, "store": Store(reports / "store"), "work": Work(2)}
    return stage.run(dataset.folder, models, reports, params, **options)


def _read(folder, name):
    return json.loads((folder / name).read_text())


def test_the_metrics_and_the_table_have_the_scores_of_the_labels(reports):
    metrics, table = _read(reports, "measures.json")["labels"], _read(reports, "evaluation.json")["labels"]
    assert (metrics["labels"], metrics["seeds"], set(metrics["added"])) == (2, 2, {"0.5", "1"})
    assert metrics["worst"] in ("hoodie", "shirt")
    assert metrics["left_out"]["polo"]["training"] + metrics["left_out"]["polo"]["held_out"] == 3
    assert [row["name"] for row in table["rows"]][:3] == ["real to real", "GAN-train", "GAN-test"]
    assert set(table["confusions"]) == {"real_to_real", "gan_train", "gan_test"}


def test_each_label_has_a_row_of_its_own_and_one_of_too_few_images_says_so(reports):
    rows = {row["label"]: row for row in _read(reports, "evaluation.json")["labels"]["by_label"]}
    assert {label: (row["real"], row["images"]) for label, row in rows.items()} == {
        "hoodie": (26, 13),
        "polo": (2, 0),
        "shirt": (30, 15),
    }
    assert rows["polo"]["distance"] is rows["polo"]["ms_ssim"] is None
    assert rows["shirt"]["floor"]["value"] > 0
    assert rows["shirt"]["ms_ssim"]["pairs"] == 7
    copies = _read(reports, "measures.json")["copies"]
    assert sum(row["images"] for row in copies["by_label"].values()) == copies["images"]


def test_the_page_has_a_section_on_labels(reports):
    page = (reports / "report.html").read_text()
    for words in ('href="#labels"', "GAN-train: a row per true label", "loses most", "too few"):
        assert words in page
    assert "What are its labels worth?" in page


def test_a_second_run_trains_nothing_and_says_the_same(reports, labelled, obeying, few, monkeypatch):
    before = {name: _read(reports, name) for name in ("measures.json", "evaluation.json")}
    monkeypatch.setattr("evaluate.worth.trials.trained", None)
    monkeypatch.setattr("evaluate.worth.by_label.measure_pair", None)
    _run(labelled, obeying, reports, few)
    assert {name: _read(reports, name) for name in before} == before


def test_without_held_out_images_the_report_says_why_there_are_no_scores(
    few, tmp_path, write_dataset, make_images, write_models
):
    dataset = write_dataset(tmp_path / "curated", make_images(87, 32, seed=4), labels=LABELS)
    _run(dataset, write_models(tmp_path / "models", dataset), tmp_path, few)
    says = "curate.held_out is 0"
    assert _read(tmp_path, "measures.json")["labels"].startswith(says)
    assert _read(tmp_path, "evaluation.json")["labels"]["says"].startswith(says)
    assert f"It was not measured: {says}" in (tmp_path / "report.html").read_text()


def test_without_labels_nothing_speaks_of_them(tmp_path, dataset, models, params):
    _run(dataset, models, tmp_path, params)
    assert "labels" not in _read(tmp_path, "measures.json")
    assert "labels" not in _read(tmp_path, "evaluation.json")
    assert "by_label" not in _read(tmp_path, "measures.json")["copies"]
    assert 'id="labels"' not in (tmp_path / "report.html").read_text()


def test_the_command_needs_labels(evaluate, dataset, labelled, models):
    with pytest.raises(UserError, match=r"curated has no labels: set curate\.labels and run"):
        evaluate("labels", dataset.folder)
    with pytest.raises(UserError, match=r" has no labels: train again with train\.labels true"):
        evaluate("labels", labelled.folder, models)
