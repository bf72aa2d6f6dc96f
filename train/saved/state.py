"""Checks the content of a checkpoint before a run takes it over."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import torch
from pydantic import Field, ValidationError
from torch import Tensor

from fashion_pggan.params.reading import explained
from fashion_pggan.params.section import Section

Count = Annotated[int, Field(ge=0)]


class Growth(Section):
    """The state of an adaptive schedule."""

    transitions: list[tuple[Count, Count]]
    measured: list[tuple[Count, float]]


class Position(Section):
    """The position of a run."""

    images_shown: Count
    looked_at: Count = 0  # missing in early checkpoints
    stretch: tuple[Count, Count]
    seconds: float = Field(ge=0)
    growth: Growth


def check_plain(state: Any, most: int) -> None:
    """Check that a state is a dict whose tensors take no more memory than their bytes.

    Args:
        state: as unpacked.
        most: bytes of a tensor, at most.

    Raises:
        TypeError: it is not a dict.
        ValueError: a tensor would grow when it is used.
    """
    if not isinstance(state, dict):
        raise TypeError(f"a {type(state).__name__}")
    for tensor in _tensors_in(state):
        plain = tensor.layout == torch.strided and not tensor.is_quantized and tensor.is_contiguous()
        if not plain or tensor.numel() * tensor.element_size() > most:
            raise ValueError(f"a tensor {tuple(tensor.shape)} that is not stored as it is")


def check_state(state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Check that a state fits a run.

    Args:
        state: of a checkpoint.
        tensors: of the run, by name.

    Raises:
        TypeError, ValueError: something is missing, or of another kind, type or shape.
    """
    try:
        Position.model_validate({name: state[name] for name in Position.model_fields if name in state})
    except ValidationError as error:
        raise ValueError(explained(error, Position)) from error
    held = state.get("tensors")
    if not isinstance(held, dict):
        raise TypeError("it has no tensors")
    if different := sorted(map(str, held.keys() ^ tensors.keys())):
        raise ValueError(f"tensors that are missing or unknown: {', '.join(different)}")
    for name, tensor in tensors.items():
        mine = held[name]
        if not isinstance(mine, Tensor) or mine.shape != tensor.shape or mine.dtype != tensor.dtype:
            raise ValueError(f"{name} is not {tensor.dtype} {tuple(tensor.shape)}")


def _tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in dicts, lists and tuples, which may hold one another many times over."""
    left, seen = [value], set[int]()
    while left:
        one = left.pop()
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, dict | list | tuple) and id(one) not in seen:
            seen.add(id(one))
            left.extend(one.values() if isinstance(one, dict) else one)
