"""Generators for other programs make the same images."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from fashion_pggan.errors import UserError
from train.exchange import generator_export as module
from train.exchange.generator_export import HEADER, export
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, write_snapshot

LODS = [0.0, 1.3, 3.0]  # grown, in a fade, at 4 px


@pytest.fixture
def snapshot(tmp_path):
    def write(lod):
        torch.manual_seed(3)
        generator = Generator(Architecture(32, 8, 128, 8))
        with torch.no_grad():
            for parameter in generator.parameters():
                parameter.normal_()
        path = tmp_path / "012.500.safetensors"
        write_snapshot(path, generator, Origin(12.5, lod, "p", "d", "c"))
        return path, generator

    return write


@pytest.mark.parametrize("lod", [pytest.param(0.0, marks=pytest.mark.slow), 1.3, 3.0])
def test_onnxruntime_makes_the_same_images(snapshot, tmp_path, lod, capfd):
    runtime = pytest.importorskip("onnxruntime")
    path, generator = snapshot(lod)
    export(path, tmp_path / "generator.onnx", "onnx")
    assert capfd.readouterr() == ("", "")
    session = runtime.InferenceSession(tmp_path / "generator.onnx", providers=["CPUExecutionProvider"])
    for count in (1, 2, 5):
        latents = torch.randn(count, 8)
        made = session.run(["images"], {"latents": latents.numpy()})[0]
        expected = generator(latents, lod).detach().numpy()
        assert made.shape == expected.shape == (count, 3, *[32 >> int(lod)] * 2)
        np.testing.assert_allclose(made, expected, atol=1e-4)
    header = json.loads(session.get_modelmeta().custom_metadata_map[HEADER])
    assert header["origin"] == {
        "kimg": 12.5,
        "lod": lod,
        "params_hash": "p",
        "dataset_version": "d",
        "git_commit": "c",
    }
    assert header["architecture"]["resolution"] == 32


@pytest.mark.parametrize("lod", LODS)
def test_pytorch_loads_what_it_exported(snapshot, tmp_path, lod):
    path, generator = snapshot(lod)
    export(path, tmp_path / "generator.pt2", "torch-export")
    extra = {f"{HEADER}.json": ""}
    network = torch.export.load(tmp_path / "generator.pt2", extra_files=extra).module()
    for count in (1, 3):
        latents = torch.randn(count, 8)
        torch.testing.assert_close(network(latents), generator(latents, lod), rtol=0, atol=1e-6)
    assert json.loads(extra[f"{HEADER}.json"])["origin"]["lod"] == lod


def test_a_missing_package_is_named_and_an_earlier_file_stays(snapshot, tmp_path, monkeypatch):
    path, _ = snapshot(0.0)
    target = tmp_path / "generator.onnx"
    target.write_bytes(b"earlier")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"--format onnx needs the package onnx: run pip install .*\[onnx\]"):
        export(path, target, "onnx")
    assert target.read_bytes() == b"earlier"


@pytest.mark.slow
def test_the_command_writes_a_model_and_says_nothing_else(snapshot, tmp_path):
    path, _ = snapshot(0.0)
    out = tmp_path / "generator.onnx"
    arguments = ["-W", "error", "-m", "train", "export", str(path), str(out), "--format", "onnx"]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.stat().st_size > 1000


def test_a_sampler_is_loaded_without_the_training_loop(snapshot):
    """In a process of its own: other tests have loaded everything."""
    path, _ = snapshot(0.0)
    program = (
        "import sys; from pathlib import Path; from generate.sampling.sampler import Sampler;"
        f"Sampler.load(Path({str(path)!r})).images(0, [0]);"
        "print(*sorted(n for n in sys.modules if n.split('.')[0] in ('train', 'tensorboard')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {
        *("train", "train.model", "train.saved", "train.saved.snapshot"),
        *("train.saved.snapshot_header", "train.saved.self_hash"),
        *(f"train.model.{name}" for name in ("layers", "networks", "precision", "randomness")),
    }
