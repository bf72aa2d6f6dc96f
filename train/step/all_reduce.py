"""The mean of a vector over all processes."""

import torch
import torch.distributed as dist

from fashion_pggan.errors import PassingError
from train.processes.ranks import Ranks


def average_over(vector: torch.Tensor, ranks: Ranks) -> None:
    """Replace a vector by its mean over all processes.

    Raises:
        PassingError: another process has ended.
    """
    if ranks.count == 1:
        return
    try:
        dist.all_reduce(vector)
    except RuntimeError as error:
        raise PassingError(
            f"process {ranks.rank} of {ranks.count} lost the others ({str(error).split('. ')[0]}): read "
            "the output of the one that ended first, then run again to resume from the last checkpoint"
        ) from error
    vector /= ranks.count
