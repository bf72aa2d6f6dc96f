"""A snapshot: a generator's weights, architecture and origin in one safetensors file.

The file may hold other networks of the same training, each under a prefix: `critic/…`, `generator/…`. Code
that only makes images does not read them.
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from torch import Tensor, nn

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.params.reading import explained
from train.model.networks import Architecture, Critic, Generator
from train.saved.self_hash import KEY, check_hash, open_weights, write_hashed
from train.saved.snapshot_header import FORMAT, Header, header_in

NAMED = 3  # tensors, in a message
STORED = "F32"
ALL_NETWORKS = "networks.safetensors"  # of a finished run and of models: a snapshot with generator and critic
UNKNOWN = "unknown"  # the dataset of weights that another program trained
BEST = "best.safetensors"  # of all models that were kept

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """The training that a snapshot comes from."""

    kimg: float  # thousand images shown
    lod: float  # level of detail: 0 at the final resolution
    params_hash: str  # of what it was trained with
    dataset_version: str  # of the dataset it was trained on
    git_commit: str  # of the program, see fashion_pggan.provenance
    labels: dict[str, float] = field(default_factory=dict)  # share of each label, in the networks' order
    unseen: float | None = None  # share that its training and all before held out; None: none is held out
    other_dataset: bool = False  # whether its training, or one before, was shown another version

    @property
    def label_shares(self) -> list[float]:
        """The share of each label among the training's labelled images; empty without labels."""
        return list(self.labels.values())


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
    write_hashed(path, weights, {"format": FORMAT, **described(generator, origin)})


def described(generator: Generator, origin: Origin) -> dict[str, dict[str, Any]]:
    """A generator's architecture and origin; neither speaks of labels or held-out images without any."""
    architecture, where = asdict(generator.architecture), asdict(origin)
    if not architecture["label_size"]:
        del architecture["label_size"], where["labels"]
    if origin.unseen is None:
        del where["unseen"]
    if not origin.other_dataset:
        del where["other_dataset"]
    return {"architecture": architecture, "origin": where}


def read_snapshot(path: Path) -> tuple[Generator, Origin]:
    """Read what `write_snapshot` wrote; the generator is on the CPU and in evaluation mode.

    Raises:
        UserError: there is no such file, it is not a snapshot of this program, or it is damaged.
    """
    networks, origin = _read(path, {"": Generator})
    generator = networks[""]
    assert isinstance(generator, Generator)
    return generator, origin


def read_origin(path: Path) -> Origin:
    """The origin of a snapshot; the file is checked, and no weight is kept.

    Raises:
        UserError: as `read_snapshot`.
    """
    return _read(path, {})[1]


def read_header(path: Path) -> Header:
    """What a snapshot says of itself; its weights are neither read nor checked.

    Raises:
        UserError: it is not a snapshot of this program.
    """
    try:
        with open_weights(path) as file:
            return header_in((file.metadata() or {})[KEY])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise UserError(
            f"{path} is not a snapshot of this program ({one_line(error)}): give another"
        ) from error


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
        with open_weights(path) as file:
            header = header_in((file.metadata() or {})[KEY])
            networks = {prefix: _empty(file, prefix, kinds[prefix], header) for prefix in _held(file, kinds)}
            if header.sha256:
                check_hash(path, header.sha256)
            for prefix, network in networks.items():
                _fill(network, file, prefix)
    except ValidationError as error:
        raise UserError(
            f"{path} is not a snapshot of this program ({explained(error, Header)}): give another"
        ) from error
    except UserError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise UserError(
            f"{path} is not a snapshot of this program ({one_line(error)}): give another"
        ) from error
    _tell_what_is_not_finite(path, networks)
    return networks, Origin(**header.origin.model_dump())


def _held(file: Any, kinds: Mapping[str, type[Generator | Critic]]) -> list[str]:
    """The prefixes of the wanted networks that a file holds; the averaged generator's always counts."""
    held = {"".join(key.rpartition("/")[:2]) for key in file.keys()}  # noqa: SIM118  # no mapping
    return [prefix for prefix in kinds if prefix in held or not prefix]


def _empty(file: Any, prefix: str, kind: type[Generator | Critic], header: Header) -> Generator | Critic:
    """A network without memory, whose tensors are in the file in their shapes.

    Raises:
        ValueError: one is missing, unknown, or of another shape or type.
    """
    with torch.device("meta"):
        network = kind(Architecture(**header.architecture.model_dump()))
    wanted = {prefix + name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    names = [key for key in file.keys() if "".join(key.rpartition("/")[:2]) == prefix]  # noqa: SIM118  # no mapping
    if different := sorted(set(names) ^ wanted.keys()):
        raise ValueError(f"tensors that are missing or unknown: {', '.join(different[:NAMED])}")
    for name in names:
        part = file.get_slice(name)
        if part.get_dtype() != STORED or part.get_shape() != wanted[name]:
            raise ValueError(
                f"{name} is {part.get_dtype()} {part.get_shape()}, its header wants {STORED} {wanted[name]}"
            )
    return network


def _fill(network: Generator | Critic, file: Any, prefix: str) -> None:
    weights: dict[str, Tensor] = {
        name: file.get_tensor(prefix + name).clone()  # so that the weights do not stay in the file
        for name in network.state_dict()
    }
    network.load_state_dict(weights, strict=True, assign=True)
    network.eval().requires_grad_(False)


def _tell_what_is_not_finite(path: Path, networks: Mapping[str, nn.Module]) -> None:
    broken = [
        prefix + name
        for prefix, network in networks.items()
        for name, tensor in network.state_dict().items()
        if not tensor.isfinite().all()
    ]
    if broken:
        named = ", ".join(broken[:NAMED])
        log.warning("%s has weights that are not finite (%s): its images are wrong", path, named)
