"""Exports a snapshot's generator for other programs: as ONNX, or in PyTorch's own exported form.

The exported network takes latents (n, latent_size) float32 and returns images (n, 3, r, r), linear RGB,
about [-1, 1] and not clamped; n is free; r is the resolution that the snapshot has grown to. A fade stays
where it was. With labels, a one-hot label follows each latent vector.
"""

import importlib.util
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from fashion_pggan.errors import UserError, install_hint
from fashion_pggan.storage.building import scratch_folder
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.outputs import WRITTEN_BY
from train.model.networks import Generator
from train.saved.snapshot import Origin, described, read_snapshot

TRACED = 2  # images in the example; one would be taken for a fixed size
LATENTS = (
    "(n, latent_size) float32, standard normal",
    "(n, latent_size + label_size) float32: standard normal, then a one for the label, in origin's order",
)  # without labels, with labels
HEADER = "fashion_pggan"  # where the file says what it is, as JSON


class Grown(nn.Module):
    """A generator with its growth fixed.

    Args:
        generator: the network.
        lod: how far it has grown.
    """

    def __init__(self, generator: Generator, lod: float) -> None:
        super().__init__()
        self.generator = generator
        self.steps, self.fade = generator.architecture.grown(lod)

    def forward(self, latents: Tensor) -> Tensor:
        """Images (n, 3, r, r) of latents (n, latent_size + label_size)."""
        return self.generator.at(latents, self.steps, self.fade)


def export(snapshot: Path, target: Path, form: str) -> None:
    """Write a snapshot in another form, atomically.

    Args:
        snapshot: a file that `train.saved.snapshot` wrote.
        target: the file to write.
        form: of `FORMS`.

    Raises:
        UserError: no snapshot, or a package is missing.
    """
    generator, origin = read_snapshot(snapshot)
    network = Grown(generator, origin.lod).eval()
    shape = generator.architecture
    example = torch.zeros(TRACED, shape.latent_size + shape.label_size)
    program = torch.export.export(network, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    with scratch_folder() as folder:
        file = folder / "exported"
        FORMS[form](program, file, header_of(generator, origin))
        write_bytes(target, file.read_bytes())


def header_of(generator: Generator, origin: Origin) -> str:
    """What the snapshot's own header says, and what goes in and comes out."""
    return json.dumps(
        {
            "program": WRITTEN_BY,
            **described(generator, origin),
            "latents": LATENTS[generator.architecture.label_size > 0],
            "images": "(n, 3, r, r) float32 RGB; as bytes: round(127.5 x + 127.5), limited to 0..255",
        }
    )


def _write_torch(program: torch.export.ExportedProgram, file: Path, header: str) -> None:
    file = file.with_suffix(".pt2")  # the only ending that PyTorch takes without a warning
    torch.export.save(program, file, extra_files={f"{HEADER}.json": header})
    file.rename(file.with_suffix(""))


def _write_onnx(program: torch.export.ExportedProgram, file: Path, header: str) -> None:
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise UserError(f"--format onnx needs the package {package}: run {install_hint('onnx')}")
    with _quiet():
        written = torch.onnx.export(
            program, dynamo=True, input_names=["latents"], output_names=["images"], verbose=False
        )
    assert written is not None
    written.model.metadata_props[HEADER] = header
    written.save(file)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's messages about itself and about packages that this network does not need."""
    chatty = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in chatty]
    for logger in chatty:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        for logger, level in zip(chatty, levels, strict=True):
            logger.setLevel(level)


FORMS: dict[str, Callable[[torch.export.ExportedProgram, Path, str], None]] = {
    "onnx": _write_onnx,
    "torch-export": _write_torch,
}
