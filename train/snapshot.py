"""A generator kept: its weights and what is needed to use and to trace it, in one safetensors file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from fashion_pggan.errors import UserError
from fashion_pggan.files import write_bytes
from train.networks import Architecture, Generator

FORMAT = 1


@dataclass(frozen=True)
class Origin:
    """Where a snapshot comes from."""

    kimg: float  # thousand pictures shown
    lod: float
    params_hash: str
    dataset_version: str
    git_commit: str


def snapshot_path(folder: Path, images_shown: int) -> Path:
    """The file of the snapshot taken after `images_shown` pictures; names sort by it."""
    return folder / f"{images_shown / 1000:010.3f}.safetensors"


def write_snapshot(path: Path, generator: Generator, origin: Origin) -> None:
    """Write a snapshot in one step."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
    header = {"format": FORMAT, "architecture": asdict(generator.architecture), "origin": asdict(origin)}
    write_bytes(path, save(weights, metadata={"fashion_pggan": json.dumps(header)}))


def read_snapshot(path: Path) -> tuple[Generator, Origin]:
    """Read what `write_snapshot` wrote; the generator is on the CPU and in evaluation mode.

    Raises:
        UserError: there is no such file, or it is no snapshot of this program.
    """
    if not path.is_file():
        raise UserError(f"no snapshot at {path}: train first (dvc repro train), or give another path")
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads(file.metadata()["fashion_pggan"])
            if header["format"] != FORMAT:
                raise ValueError(f"format {header['format']}, this program reads {FORMAT}")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        generator = Generator(Architecture(**header["architecture"]))
        generator.load_state_dict(weights, strict=True)
        return generator.eval().requires_grad_(False), Origin(**header["origin"])
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise UserError(f"{path} is no snapshot of this program ({error}): give another") from error
