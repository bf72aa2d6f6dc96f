"""Datasets and models small enough to measure in a moment."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from fashion_pggan.images.grid import write_grid
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.storage.shards import Dataset, ShardWriter
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, snapshot_path, write_snapshot

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def params() -> EvaluateParams:
    return load_params(REPOSITORY / "presets" / "photos.yaml").evaluate.model_copy(
        update={
            "images": 24,
            "patches_per_image": 32,
            "repeats": 2,
            "directions": 64,
            "minibatch": 16,
            "variation_pairs": 8,
            "copies_images": 8,
        }
    )


@pytest.fixture(scope="session")
def write_dataset() -> Callable[[Path, np.ndarray], Dataset]:
    def write(folder: Path, images: np.ndarray) -> Dataset:
        folder.mkdir(parents=True)
        resolution = images.shape[1]
        writer = ShardWriter(folder, resolution, shard_images=32)
        for image in images:
            levels, level = {}, image.astype(float)
            while level.shape[0] >= 4:
                levels[level.shape[0]] = np.rint(level).astype(np.uint8)
                half = level.shape[0] // 2
                level = level.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))
            writer.add(levels)
        writer.finish()
        return Dataset(folder)

    return write


@pytest.fixture(scope="session")
def dataset(tmp_path_factory, write_dataset, make_images) -> Dataset:
    return write_dataset(tmp_path_factory.mktemp("evaluate") / "curated", make_images(64, 32, seed=0))


@pytest.fixture(scope="session")
def models(tmp_path_factory, dataset) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for images_shown, lod in ((0, 3.0), (5_000, 0.5), (9_000, 0.0)):
        torch.manual_seed(images_shown)
        origin = Origin(images_shown / 1000, lod, "params", dataset.version, "commit")
        path = snapshot_path(folder / "snapshots", images_shown)
        write_snapshot(path, Generator(Architecture(32, 8, 64, 8)), origin)
        write_grid(folder / "grids" / f"{path.stem}.png", dataset.images(range(4), 32), 2)
    write_grid(folder / "dataset.png", dataset.images(range(4), 32), 2)
    return folder
