"""Published weights come in, make images, and go out bit for bit."""

import zipfile

import numpy as np
import pytest
import torch

from fashion_pggan.errors import UserError
from generate.sampling.sampler import Sampler
from train.exchange.published import export_official, import_official
from train.exchange.variables import official_weights
from train.model.networks import Architecture, Critic, Generator
from train.saved.snapshot import Origin, read_networks, write_snapshot

ARCHITECTURES = [
    Architecture(32, 16, 128, 16),  # fewer maps at the end
    Architecture(16, 8, 512, 8),  # as many everywhere
    Architecture(4, 8, 64, 8),  # one level
    Architecture(16, 8, 64, 8, label_size=5),
]


def weights_of(architecture, lod=None):
    torch.manual_seed(1)
    networks = {"Gs": Generator(architecture), "G": Generator(architecture), "D": Critic(architecture)}
    weights = {
        f"{letter}/{name}": np.random.default_rng(len(name)).normal(size=array.shape).astype(np.float32)
        for letter, network in networks.items()
        for name, array in official_weights(network, letter[0]).items()
    }
    if lod is not None:
        weights |= {f"{letter}/lod": np.float32(lod) for letter in networks}
    return weights


@pytest.fixture
def archive(tmp_path):
    def write(weights):
        np.savez(tmp_path / "weights.npz", **weights)
        return tmp_path / "weights.npz"

    return write


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_comes_in_goes_out_bit_for_bit(archive, tmp_path, architecture):
    weights = weights_of(architecture, lod=0.25 if architecture.resolution > 4 else 0.0)
    import_official(archive(weights), tmp_path / "imported.safetensors")
    export_official(tmp_path / "imported.safetensors", tmp_path / "back.npz")
    with np.load(tmp_path / "back.npz") as back:
        assert set(back.files) == set(weights)
        for name, array in weights.items():
            assert back[name].dtype == np.float32
            assert back[name].tobytes() == array.tobytes(), name


def test_an_imported_network_makes_images_with_its_averaged_weights(archive, tmp_path):
    weights = weights_of(ARCHITECTURES[0])
    import_official(archive(weights), tmp_path / "imported.safetensors")
    networks, origin = read_networks(tmp_path / "imported.safetensors")
    assert set(networks) == {"average", "generator", "critic"}
    assert origin.lod == 0
    sampler = Sampler.load(tmp_path / "imported.safetensors")
    assert sampler.images(0, [0, 1]).shape == (2, 32, 32, 3)
    expected = np.transpose(weights["Gs/4x4/Conv/weight"], (3, 2, 0, 1))
    np.testing.assert_array_equal(sampler.generator.conv.weight.numpy(), expected)


def test_names_without_a_network_are_an_averaged_generator(archive, tmp_path):
    weights = {name[3:]: array for name, array in weights_of(ARCHITECTURES[0]).items() if name[:3] == "Gs/"}
    import_official(archive(weights), tmp_path / "imported.safetensors")
    assert set(read_networks(tmp_path / "imported.safetensors")[0]) == {"average"}


def test_a_snapshot_of_a_training_goes_out_too(archive, tmp_path):
    generator = Generator(ARCHITECTURES[0])
    write_snapshot(tmp_path / "s.safetensors", generator, Origin(1.0, 0.5, "p", "d", "c"))
    export_official(tmp_path / "s.safetensors", tmp_path / "out.npz")
    import_official(tmp_path / "out.npz", tmp_path / "again.safetensors")
    networks, origin = read_networks(tmp_path / "again.safetensors")
    assert origin.lod == 0.5
    for name, tensor in generator.state_dict().items():
        assert torch.equal(networks["average"].state_dict()[name], tensor)


def _without(weights, name):
    return {key: array for key, array in weights.items() if key != name}


SPOILED = {
    "missing": (lambda w: _without(w, "Gs/8x8/Conv1/bias"), "no 8x8/Conv1/bias"),
    "unknown": (lambda w: w | {"G/8x8/Noise/weight": np.zeros(3, np.float32)}, "G/8x8/Noise/weight"),
    "shape": (lambda w: w | {"D/8x8/Conv0/bias": np.zeros(3, np.float32)}, r"8x8/Conv0/bias is \(3,\)"),
    "double": (lambda w: w | {"G/4x4/Conv/bias": np.zeros(16)}, "G/4x4/Conv/bias is float64"),
    "labels": (
        lambda w: w | {"D/4x4/Dense1/weight": np.zeros((16, 4), np.float32)},
        r"4x4/Dense1/bias is \(1,\), the network needs \(4,\)",
    ),
    "more labels than inputs": (
        lambda w: w | {"D/4x4/Dense1/weight": np.zeros((16, 1 + 16), np.float32)},
        "16 labels, but its generator takes 16 numbers",
    ),
    "lod": (lambda w: w | {"Gs/lod": np.float32(9)}, "lod is 9.0: give one number from 0 to 3"),
    "critic alone": (lambda w: {k: a for k, a in w.items() if k[0] == "D"}, "no generator"),
    "empty": (lambda w: {}, "no generator"),
    "pickled": (lambda w: w | {"G/4x4/Conv/bias": np.array([{}], dtype=object)}, "without pickling"),
    "no layers": (lambda w: {"G/a": np.zeros(1, np.float32)}, "no 4x4/Dense/weight"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_what_does_not_fit_is_refused_by_name(archive, tmp_path, kind):
    spoil, reason = SPOILED[kind]
    with pytest.raises(UserError, match=reason):
        import_official(archive(spoil(weights_of(ARCHITECTURES[0]))), tmp_path / "imported.safetensors")
    assert not (tmp_path / "imported.safetensors").exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 torn", b"\x93NUMPY\x01\x00"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"w\.npz"):
        import_official(tmp_path / "w.npz", tmp_path / "imported.safetensors")


def test_an_array_that_claims_to_be_huge_is_refused(tmp_path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999, 512), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("Gs/4x4/Dense/weight.npy", b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header)
    with pytest.raises(UserError, match="of plain arrays"):
        import_official(tmp_path / "w.npz", tmp_path / "imported.safetensors")
