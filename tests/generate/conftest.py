import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fashion_pggan.storage.shards import ShardWriter, levels_up_to
from generate.sampling.sampler import Sampler, snapshots_in
from train.model.flat import flatten
from train.model.networks import Architecture, Critic, Generator
from train.saved.checkpoint import write_checkpoint
from train.saved.snapshot import Origin, snapshot_path, write_snapshot

REPOSITORY = Path(__file__).parents[2]
SHAPE = Architecture(16, 8, 64, 8)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Two snapshots of a 16 px run: one taken in a fade to 8 px, one at the end."""
    folder = tmp_path_factory.mktemp("models")
    write_models(folder, "dataset")
    return folder


@pytest.fixture(scope="session")
def sampler(models):
    return Sampler.load(snapshots_in(models)[-1])


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with models, the dataset they say they know, and the run's critic.

    Of the 40 training images the first 3 are what latents 2, 5 and 6 of seed 5 give, the second mirrored.
    """
    folder = tmp_path_factory.mktemp("trained")
    write_models(folder / "draft", "unknown")
    made = Sampler.load(snapshots_in(folder / "draft")[-1]).images(5, [2, 5, 6])
    noise = np.random.default_rng(0).integers(0, 256, (37, 16, 16, 3), dtype=np.uint8)
    images = [made[0], made[1][:, ::-1], made[2], *noise]
    writer = ShardWriter(folder / "data", 16, 64)
    for image in images:
        levels = {side: boxes(image, side) for side in levels_up_to(16)}
        writer.add(levels)
    write_models(folder / "models", writer.finish())
    torch.manual_seed(1)
    vector = flatten(Critic(SHAPE))
    write_checkpoint(folder / "runs/params", 12_000, {"images_shown": 12_000, "tensors": {"critic": vector}})
    return folder


def boxes(image, side):
    factor = 16 // side
    means = image.reshape(side, factor, side, factor, 3).mean(axis=(1, 3))
    return np.rint(means).astype(np.uint8)


def write_models(folder, dataset_version):
    torch.manual_seed(0)
    for images_shown, lod in ((3_000, 1.25), (12_000, 0.0)):
        generator = Generator(SHAPE)
        with torch.no_grad():
            generator.dense.bias.normal_()
        origin = Origin(images_shown / 1000, lod, "params", dataset_version, "commit")
        write_snapshot(snapshot_path(folder / "snapshots", images_shown), generator, origin)


@pytest.fixture(scope="session")
def explorer(trained):
    """The address of an explorer with neighbours."""
    command = [
        sys.executable,
        "-m",
        "generate.explore",
        str(trained / "models"),
        "--data",
        str(trained / "data"),
    ]
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    ) as process:
        said = process.stderr.readline()
        assert "http://127.0.0.1:" in said
        yield said.split()[1]
        process.terminate()


@pytest.fixture
def busy_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
