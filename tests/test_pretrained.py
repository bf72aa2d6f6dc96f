"""The trained generator that comes along is whole, is what its card says, and others can use and train it."""

import json
from pathlib import Path

import numpy as np
import pytest

from fashion_pggan.params import load_params
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.proof.folder_mark import check_unchanged
from generate.sampling.sampler import Sampler, snapshots_in
from train.lineage.start import weights_to_start_from
from train.model.networks import Architecture

FOLDER = Path(__file__).parents[1] / "pretrained/tops-64"
CARD = "README.md"
MOST = 20_000_000  # bytes


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler.load(snapshots_in(FOLDER)[-1])


def test_the_folder_is_whole_and_small() -> None:
    names = check_unchanged(FOLDER, CARD)
    assert {CARD, "generator.safetensors", "networks.safetensors", "params.yaml", "samples.png"} <= names
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < MOST


def test_the_card_names_file_data_and_licence(sampler: Sampler) -> None:
    card = (FOLDER / CARD).read_text()
    assert sha256_of(snapshots_in(FOLDER)[-1]) in card
    assert 'license: "cc0-1.0"' in card
    for word in (sampler.origin.dataset_version, sampler.origin.git_commit, "1,300 photographs"):
        assert word in card
    assert "+changes" not in sampler.origin.git_commit


def test_its_distance_is_that_of_the_table(sampler: Sampler) -> None:
    best = json.loads((FOLDER / "swd.json").read_text())["best"]
    assert best["kimg"] == pytest.approx(sampler.origin.kimg, abs=0.001)
    assert best["ratio_to_floor"] < 5


def test_it_makes_images_that_differ(sampler: Sampler) -> None:
    images = sampler.images(0, [0, 1, 2])
    assert images.shape == (3, 64, 64, 3)
    assert np.abs(images[0].astype(float) - images[1]).mean() > 10


def test_a_training_with_its_parameters_can_start_from_it() -> None:
    train = load_params(FOLDER / "params.yaml").train
    shape = Architecture(64, train.latent_size, train.fmap_base, train.fmap_max, train.stddev_group)
    assert set(weights_to_start_from(str(FOLDER), Path("runs"), shape)) == {"average", "critic", "generator"}
