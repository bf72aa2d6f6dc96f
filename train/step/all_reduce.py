"""The mean of a vector over all processes."""

import torch
import torch.distributed as dist

from train.processes.ranks import Ranks, meeting


def average_over(vector: torch.Tensor, ranks: Ranks) -> None:
    """Replace a vector by its mean over all processes.

    Raises:
        PassingError: another process has ended, or does not answer.
    """
    if ranks.count == 1:
        return
    with meeting(ranks):
        dist.all_reduce(vector)
    vector /= ranks.count
