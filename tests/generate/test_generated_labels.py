"""Images of a snapshot with labels: which label each has, and images of one label alone."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from fashion_pggan.errors import UserError
from generate import stage
from generate.sampling.latents import directions_of
from generate.sampling.recipe import Place, read_recipe
from generate.sampling.sampler import Sampler, snapshots_in
from tests.generate.small import PARAMS, rows_of, with_
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, read_header, snapshot_path, write_snapshot

LABELS = {"hoodie": 0.25, "shirt": 0.75}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    torch.manual_seed(0)
    generator = Generator(Architecture(16, 8, 64, 8, label_size=2))
    origin = Origin(12.0, 0.0, "params", "dataset", "commit", LABELS)
    write_snapshot(snapshot_path(folder / "snapshots", 12_000), generator, origin)
    return folder


@pytest.fixture
def sampler(labelled):
    return Sampler.load(snapshots_in(labelled)[-1])


def test_a_snapshot_knows_its_labels_and_one_without_them_says_nothing_of_labels(labelled, models):
    header = read_header(snapshots_in(labelled)[-1])
    assert header.origin.labels == LABELS
    assert header.architecture.label_size == 2
    plain = snapshots_in(models)[-1].read_bytes()
    assert b"label" not in plain[: int.from_bytes(plain[:8], "little") + 8]


def test_labels_are_drawn_as_often_as_in_the_data_and_the_manifest_says_them(labelled, sampler, tmp_path):
    stage.run(labelled, tmp_path / "out", with_(count=40))
    rows = rows_of(tmp_path / "out")
    assert [row["label"] for row in rows] == [sampler.label(5, index) for index in range(40)]
    assert 3 <= Counter(row["label"] for row in rows)["hoodie"] <= 18


def test_a_dataset_of_one_label_has_the_images_that_its_rows_make_again(labelled, sampler, tmp_path):
    stage.run(labelled, tmp_path / "out", with_(label="hoodie"), report=tmp_path / "generate.json")
    rows = rows_of(tmp_path / "out")
    assert {row["label"] for row in rows} == {"hoodie"}
    assert json.loads((tmp_path / "out/generated.json").read_text())["label"] == "hoodie"
    assert "label" not in json.loads((tmp_path / "generate.json").read_text())
    (tmp_path / "row.json").write_text(json.dumps(rows[3]))
    with Image.open(tmp_path / "out" / rows[3]["file_name"]) as image:
        made = read_recipe(tmp_path / "row.json").image(sampler)
        np.testing.assert_array_equal(np.asarray(image), made)
    others = sampler.of_label("shirt").images(5, [rows[3]["latent_index"]])[0]
    assert not np.array_equal(others, made)


def test_a_label_that_the_training_had_not_is_refused(labelled, models, tmp_path):
    with pytest.raises(UserError, match=r"no label 'knit' .* give one of its labels \(hoodie, shirt\)"):
        stage.run(labelled, tmp_path / "out", with_(label="knit"))
    with pytest.raises(UserError, match=r"no label 'knit' .* \(none\)"):
        stage.run(models, tmp_path / "out", with_(label="knit"))
    assert not (tmp_path / "out").exists()


def test_without_labels_nothing_written_speaks_of_them(models, tmp_path):
    stage.run(models, tmp_path / "out", PARAMS)
    assert "label" not in rows_of(tmp_path / "out")[0]
    assert "label" not in json.loads((tmp_path / "out/generated.json").read_text())


def test_a_way_between_two_labels_mixes_them_along_the_line(sampler):
    first = sampler.of_label("hoodie").latents(1, [0])[0]
    second = sampler.of_label("shirt").latents(1, [1])[0]
    quarter = sampler.between(first, second, 0.25)
    assert quarter[8:].tolist() == [0.75, 0.25]
    assert torch.equal(sampler.between(first, second, 0.0), first)
    assert torch.equal(sampler.between(first, second, 1.0), second)


def test_moves_along_directions_leave_the_label(sampler):
    place = Place(seed=1, latent_index=2, moves=[0.5, -0.5])
    start = sampler.latents(1, [2])[0]
    assert torch.equal(place.latent(sampler)[8:], start[8:])
    assert not torch.equal(place.latent(sampler)[:8], start[:8])
    assert directions_of(sampler.generator).vectors.shape[1] == 8
