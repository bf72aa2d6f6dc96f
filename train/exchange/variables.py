"""Weights under the names and in the layouts of the published program's variables.

Source: docs/reference/conformance.md. The names belong to a file format; no code of that program is here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from train.model.networks import Architecture, Critic, Generator

Array = npt.NDArray[np.float64] | npt.NDArray[np.float32]

DENSE = (1, 0)  # [in, out] -> (out, in)
CONV = (3, 2, 0, 1)  # [h, w, in, out] -> (out, in, h, w); [h, w, out, in] -> (in, out, h, w)


@dataclass(frozen=True)
class Variable:
    """One layer under both names."""

    official: str
    ours: str
    axes: tuple[int, ...]  # permutation from the official weight to ours


def variables_of(network: str, architecture: Architecture) -> Iterator[Variable]:
    """The layers of a network.

    Args:
        network: `G` or `D`.
        architecture: its shape.
    """
    rgb, first, second = (
        ("to_rgb", "conv0_up", "conv1") if network == "G" else ("from_rgb", "conv0", "conv1_down")
    )
    official_rgb, official_first, official_second = (
        ("ToRGB", "Conv0_up", "Conv1") if network == "G" else ("FromRGB", "Conv0", "Conv1_down")
    )
    yield Variable("4x4/Conv", "conv", CONV)
    if network == "G":
        yield Variable("4x4/Dense", "dense", DENSE)
    else:
        yield Variable("4x4/Dense0", "dense0", DENSE)
        yield Variable("4x4/Dense1", "dense1", DENSE)
    for place, exponent in enumerate(architecture.exponents):
        scope = f"{2**exponent}x{2**exponent}"
        yield Variable(f"{scope}/{official_first}", f"blocks.{place}.{first}", CONV)
        yield Variable(f"{scope}/{official_second}", f"blocks.{place}.{second}", CONV)
    last = len(architecture.exponents)
    for place in range(last + 1):
        yield Variable(f"{official_rgb}_lod{last - place}", f"{rgb}.{place}", CONV)


def load_official(module: Generator | Critic, network: str, weights: Mapping[str, Array]) -> None:
    """Fill a network from arrays under `<layer>/weight` and `<layer>/bias`.

    Raises:
        UserError: an array is missing or has another shape; the text names it.
    """
    state: dict[str, Tensor] = {}
    own = module.state_dict()
    for variable in variables_of(network, module.architecture):
        for part, axes in (("weight", variable.axes), ("bias", (0,))):
            name = f"{variable.official}/{part}"
            if name not in weights:
                raise UserError(f"the weights have no {name}: give weights of this network and resolution")
            value = torch.from_numpy(np.ascontiguousarray(np.transpose(weights[name], axes)))
            key = f"{variable.ours}.{part}"
            if value.shape != own[key].shape:
                raise UserError(
                    f"{name} is {tuple(value.shape)}, the network needs {tuple(own[key].shape)}: "
                    "give the architecture that the weights were trained with"
                )
            state[key] = value.to(own[key].dtype)
    module.load_state_dict(state, strict=True)


def official_weights(module: Generator | Critic, network: str) -> dict[str, npt.NDArray[np.float32]]:
    """A network's weights under the official names; what `load_official` reads."""
    own = module.state_dict()
    weights = {}
    for variable in variables_of(network, module.architecture):
        inverse = tuple(int(axis) for axis in np.argsort(variable.axes))
        weight = own[f"{variable.ours}.weight"].cpu().numpy()
        weights[f"{variable.official}/weight"] = np.ascontiguousarray(np.transpose(weight, inverse))
        weights[f"{variable.official}/bias"] = own[f"{variable.ours}.bias"].cpu().numpy()
    return weights
