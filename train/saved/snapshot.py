"""A snapshot: a generator's weights, architecture and origin in one safetensors file.

The file may hold other networks of the same training, each under a prefix: `critic/…`, `generator/…`. Code
that only makes images does not read them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import write_bytes
from train.model.networks import Architecture, Critic, Generator

FORMAT = 1


@dataclass(frozen=True)
class Origin:
    """Where a snapshot comes from."""

    kimg: float  # thousand images shown
    lod: float  # level of detail: 0 at the final resolution
    params_hash: str  # of what it was trained with
    dataset_version: str  # of the dataset it was trained on
    git_commit: str  # of the program, see fashion_pggan.provenance


def snapshot_path(folder: Path, images_shown: int) -> Path:
    """The file of the snapshot taken after `images_shown` images; names sort by it."""
    return folder / f"{images_shown / 1000:010.3f}.safetensors"


def write_snapshot(
    path: Path, generator: Generator, origin: Origin, beside: Mapping[str, nn.Module] | None = None
) -> None:
    """Write a snapshot atomically.

    Args:
        path: the file.
        generator: the averaged one, which makes the images.
        origin: where it comes from.
        beside: further networks, by name.
    """
    named = {"": generator, **{f"{name}/": network for name, network in (beside or {}).items()}}
    weights = {
        prefix + name: tensor.detach().cpu().contiguous()
        for prefix, network in named.items()
        for name, tensor in network.state_dict().items()
    }
    header = {"format": FORMAT, "architecture": asdict(generator.architecture), "origin": asdict(origin)}
    write_bytes(path, save(weights, metadata={"fashion_pggan": json.dumps(header)}))


def read_snapshot(path: Path) -> tuple[Generator, Origin]:
    """Read what `write_snapshot` wrote; the generator is on the CPU and in evaluation mode.

    Raises:
        UserError: there is no such file, or it is no snapshot of this program.
    """
    networks, origin = _read(path, {"": Generator})
    generator = networks[""]
    assert isinstance(generator, Generator)
    return generator, origin


def read_origin(path: Path) -> Origin:
    """Where a snapshot comes from; the weights stay unread.

    Raises:
        UserError: as `read_snapshot`.
    """
    return _read(path, {})[1]


def read_networks(path: Path) -> tuple[dict[str, Generator | Critic], Origin]:
    """All networks of a snapshot: `average`, and those beside it, `generator` and `critic`.

    Raises:
        UserError: as `read_snapshot`.
    """
    networks, origin = _read(path, {"": Generator, "generator/": Generator, "critic/": Critic})
    return {prefix.rstrip("/") or "average": network for prefix, network in networks.items()}, origin


def _read(
    path: Path, kinds: Mapping[str, type[Generator | Critic]]
) -> tuple[dict[str, Generator | Critic], Origin]:
    if not path.is_file():
        raise UserError(f"no snapshot at {path}: train first (dvc repro train), or give another path")
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads(file.metadata()["fashion_pggan"])
            if header["format"] != FORMAT:
                raise ValueError(f"format {header['format']}, this program reads {FORMAT}")
            weights: dict[str, dict[str, Tensor]] = {prefix: {} for prefix in kinds}
            for key in file.keys():  # noqa: SIM118  # no mapping
                folder, slash, name = key.rpartition("/")
                if folder + slash in weights:
                    weights[folder + slash][name] = file.get_tensor(key)
        architecture = Architecture(**header["architecture"])
        networks = {
            prefix: _filled(kind(architecture), weights[prefix])
            for prefix, kind in kinds.items()
            if weights[prefix] or not prefix
        }
        return networks, Origin(**header["origin"])
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise UserError(f"{path} is no snapshot of this program ({error}): give another") from error


def _filled(network: Generator | Critic, weights: Mapping[str, Tensor]) -> Generator | Critic:
    network.load_state_dict(weights, strict=True)
    return network.eval().requires_grad_(False)
