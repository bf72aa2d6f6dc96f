"""Keeps a network's parameters in one vector, so that an update or an average is one operation."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def flatten(network: nn.Module) -> Tensor:
    """Move all parameters into one vector and make each a view of it.

    Weights of convolutions keep the channels-last order of memory, in which convolutions are fastest.

    Returns:
        (parameters,); changing it changes the network.
    """
    parameters = list(network.parameters())
    with torch.no_grad():
        vector = vector_of(parameters)
        for parameter, piece in zip(parameters, pieces_of(vector, parameters), strict=True):
            parameter.data = piece
    return vector


def vector_of(tensors: Iterable[Tensor]) -> Tensor:
    """Join tensors to one vector, each in the memory order of `pieces_of`."""
    return torch.cat([_channels_last(tensor).reshape(-1) for tensor in tensors])


def pieces_of(vector: Tensor, like: Iterable[Tensor]) -> list[Tensor]:
    """Views of a vector in the shapes of the tensors that it was made of."""
    pieces, start = [], 0
    for tensor in like:
        piece = vector[start : start + tensor.numel()]
        start += tensor.numel()
        if tensor.dim() == 4:
            pieces.append(piece.view(_channels_last(tensor).shape).permute(0, 3, 1, 2))
        else:
            pieces.append(piece.view(tensor.shape))
    return pieces


def _channels_last(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor
