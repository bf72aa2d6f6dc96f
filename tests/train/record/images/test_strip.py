from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from train.model.networks import Architecture, Generator, as_pixels, upscale
from train.model.randomness import latents_of
from train.record.images.strip import write_strip
from train.saved.snapshot import Origin, snapshot_path, write_snapshot

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(Architecture(16, 8, 64, 8))


@pytest.fixture
def snapshots(tmp_path, generator) -> list[Path]:
    found = []
    for kimg, lod in ((0.0, 2.0), (12.345, 0.5), (8861.8, 0.0)):
        path = snapshot_path(tmp_path / "snapshots", round(kimg * 1000))
        write_snapshot(path, generator, Origin(kimg, lod, "p", "d", "c"))
        found.append(path)
    return found


def test_a_row_is_the_same_latent_vectors_at_a_snapshot_repeated_to_the_same_size(
    tmp_path, snapshots, generator
):
    write_strip(tmp_path / "strip.png", snapshots, seed=3, columns=5, device=CPU)
    strip = np.asarray(Image.open(tmp_path / "strip.png"))
    assert strip.shape[0] == 3 * 64  # 16 px are too low for a label
    images = strip[:, strip.shape[1] - 5 * 64 :]
    for place, lod in enumerate((2.0, 0.5, 0.0)):
        with torch.no_grad():
            made = generator(latents_of(3, range(5), 8), lod)
        expected = as_pixels(upscale(made, 64 // made.shape[-1]))
        row = images[place * 64 : (place + 1) * 64].reshape(64, 5, 64, 3).transpose(1, 0, 2, 3)
        np.testing.assert_array_equal(row, expected)


def test_each_row_has_a_label_of_its_own_within_its_margin(tmp_path, snapshots):
    write_strip(tmp_path / "strip.png", snapshots, seed=3, columns=1, device=CPU)
    strip = np.asarray(Image.open(tmp_path / "strip.png").convert("L"))
    labels = strip[:, : strip.shape[1] - 64].reshape(3, 64, -1)
    for label in labels:
        assert label.min() < 64
        assert (label[:, :2] == 255).all(), "the text is cut off at the left"
    assert not np.array_equal(labels[0], labels[1])


def test_at_most_eight_columns_are_shown(tmp_path, snapshots):
    write_strip(tmp_path / "many.png", snapshots[:1], seed=3, columns=32, device=CPU)
    write_strip(tmp_path / "eight.png", snapshots[:1], seed=3, columns=8, device=CPU)
    assert (tmp_path / "many.png").read_bytes() == (tmp_path / "eight.png").read_bytes()
