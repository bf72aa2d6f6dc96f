import json
import logging
import os
import struct
import tracemalloc
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fashion_pggan.errors import UserError
from train.damaged.damaged_states import snapshot_fault
from train.model.networks import Architecture, Critic, Generator
from train.saved import snapshot
from train.saved.snapshot import (
    Origin,
    read_header,
    read_networks,
    read_origin,
    read_snapshot,
    snapshot_path,
    write_snapshot,
)

ORIGIN = Origin(kimg=12.5, lod=0.25, params_hash="p", dataset_version="d", git_commit="c")
ARCHITECTURE = Architecture(16, 8, 64, 8)
FORMER = Path(__file__).parent / "former" / "000000.112.safetensors"  # written before snapshots had a hash


@pytest.fixture
def written(tmp_path):
    path = snapshot_path(tmp_path, 12_500)
    write_snapshot(path, Generator(ARCHITECTURE), ORIGIN, {"critic": Critic(ARCHITECTURE)})
    return path


@pytest.fixture
def made_up(tmp_path):
    """A snapshot as somebody else may write it: without a hash, and with whatever header and tensors."""

    def write(weights=None, architecture=(), origin=(), **header):
        weights = Generator(ARCHITECTURE).state_dict() if weights is None else weights
        values = {
            "format": 1,
            "architecture": {**asdict(ARCHITECTURE), **dict(architecture)},
            "origin": {**asdict(ORIGIN), **dict(origin)},
            **header,
        }
        path = tmp_path / "x.safetensors"
        save_file(weights, path, metadata={"fashion_pggan": json.dumps(values)})
        return path

    return write


def test_a_snapshot_comes_back_with_its_weights_and_its_origin(tmp_path):
    generator = Generator(ARCHITECTURE).to(memory_format=torch.channels_last)
    path = snapshot_path(tmp_path, 12_500)
    write_snapshot(path, generator, ORIGIN)
    read, origin = read_snapshot(path)
    assert origin == ORIGIN
    latents = torch.randn(2, 8)
    torch.testing.assert_close(read(latents, 0.25), generator(latents, 0.25))


def test_the_networks_beside_the_generator_come_back(written):
    networks, _ = read_networks(written)
    assert networks.keys() == {"average", "critic"}
    assert networks["critic"](torch.zeros(4, 3, 16, 16), 0.0).shape == (4,)


def test_the_same_networks_make_the_same_bytes(written, tmp_path):
    networks, origin = read_networks(written)
    write_snapshot(tmp_path / "again", networks["average"], origin, {"critic": networks["critic"]})
    assert (tmp_path / "again").read_bytes() == written.read_bytes()


def test_the_origin_is_read_without_the_weights(written, monkeypatch):
    filled, fill = [], snapshot._fill
    monkeypatch.setattr(snapshot, "_fill", lambda *network: filled.append(fill(*network)))
    assert read_origin(written) == ORIGIN
    assert not filled
    read_snapshot(written)
    assert filled


def test_names_sort_by_images_shown(tmp_path):
    paths = [snapshot_path(tmp_path, images) for images in (0, 999, 1000, 8_861_800, 12_000_000)]
    assert [path.name for path in paths] == sorted(path.name for path in paths)
    assert paths[3].name == "008861.800.safetensors"


@pytest.mark.parametrize("content", [None, b"", b"not a snapshot at all", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_snapshot_is_refused_by_name(tmp_path, content):
    path = tmp_path / "x.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.safetensors"):
        read_snapshot(path)


@pytest.mark.parametrize("kind", ["a pipe", "a device", "forty gigabytes"])
def test_what_has_no_end_is_no_snapshot(written, kind):
    written.unlink()
    if kind == "a pipe":
        os.mkfifo(written)
    elif kind == "a device":
        written.symlink_to("/dev/zero")
    else:
        written.touch()
        os.truncate(written, 40 << 30)
    for read in (read_header, read_origin):
        with pytest.raises(UserError, match=r"not a plain file|no snapshot at|holds more than 17\.2 GB"):
            read(written)
    assert "move it away" in snapshot_fault(written)


def test_every_flipped_bit_is_noticed(written):
    """In the header's length, in the header, in the hash itself, in the weights."""
    data = written.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    for place in [*range(0, 8 + length, 41), *range(8 + length, len(data), len(data) // 15)]:
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        written.write_bytes(damaged)
        for read in (read_snapshot, read_origin):
            with pytest.raises(UserError, match=r"000012\.500\.safetensors"):
                read(written)


def test_zeros_at_the_end_are_noticed_and_the_error_says_what_to_do(written):
    read_snapshot(written)
    data = written.read_bytes()
    written.write_bytes(data[:-300] + bytes(300))
    with pytest.raises(UserError, match=r"is damaged, .* copy it from models \(dvc checkout models"):
        read_snapshot(written)


def test_a_snapshot_from_before_hashes_is_read():
    generator, origin = read_snapshot(FORMER)
    assert origin.kimg == 0.112
    assert generator.architecture == Architecture(8, 4, 16, 4)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"architecture": {"fmap_max": 20_000}}, "its header wants F32"),
        ({"architecture": {"fmap_max": 2**40}}, "architecture.fmap_max"),
        ({"architecture": {"fmap_base": 1}}, "fmap_base 1 is too small"),
        ({"architecture": {"resolution": 2**40}}, "architecture.resolution"),
        ({"architecture": {"resolution": "x"}}, "architecture.resolution"),
        ({"architecture": {"resolution": 12}}, "no power of two"),
        ({"architecture": {"latent_size": 8.5}}, "architecture.latent_size"),
        ({"architecture": {"latent_size": True}}, "architecture.latent_size"),
        ({"architecture": {"stddev_group": 0}}, "architecture.stddev_group"),
        ({"architecture": {"depth": 3}}, "architecture.depth"),
        ({"origin": {"kimg": float("nan")}}, "origin.kimg"),
        ({"origin": {"kimg": -1.0}}, "origin.kimg"),
        ({"origin": {"lod": float("inf")}}, "origin.lod"),
        ({"origin": {"lod": 2.5}}, "lod 2.5 is above 2"),
        ({"origin": {"git_commit": "c" * 201}}, "origin.git_commit"),
        ({"origin": {"params_hash": "\x1b[2J"}}, "origin.params_hash"),
        ({"format": 2}, "format"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "0" * 64}, "is damaged"),
        ({"more": "x" * 100_000}, "a header of"),
        ({"weights": {}}, "missing or unknown"),
        ({"weights": {"dense.weight": torch.zeros(1)}}, "missing or unknown"),
    ],
)
def test_a_header_that_fits_no_snapshot_is_refused_in_one_line(made_up, changes, says):
    with pytest.raises(UserError, match=says) as refused:
        read_snapshot(made_up(**changes))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int32, torch.bool])
def test_weights_of_another_type_are_refused(made_up, dtype):
    weights = {name: tensor.to(dtype) for name, tensor in Generator(ARCHITECTURE).state_dict().items()}
    with pytest.raises(UserError, match="its header wants F32"):
        read_snapshot(made_up(weights))


def test_a_small_file_that_names_large_networks_allocates_nothing(made_up, monkeypatch):
    path = made_up({"dense.weight": torch.zeros(1)}, {"fmap_max": 20_000, "fmap_base": 2**20})
    taken = []
    allocate = torch.randn
    monkeypatch.setattr(torch, "randn", lambda *shape: taken.append(allocate(*shape)) or taken[-1])
    tracemalloc.start()
    with pytest.raises(UserError, match="missing or unknown"):
        read_snapshot(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken
    assert all(tensor.is_meta for tensor in taken)
    assert peak < 10e6


def test_weights_that_are_not_finite_are_told(made_up, caplog):
    weights = Generator(ARCHITECTURE).state_dict()
    weights["dense.bias"][0] = torch.nan
    with caplog.at_level(logging.WARNING):
        read_snapshot(made_up(weights))
    assert "weights that are not finite (dense.bias)" in caplog.text
