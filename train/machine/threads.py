"""How many threads a run computes with on the CPU: as many as other programs leave cores free.

Another number rounds differently. So a run chooses only where it writes a checkpoint, which holds the choice:
a run that resumes there computes as the one that went on, until either chooses again.
"""

import logging
import os
import time
from collections.abc import Mapping
from typing import Any

import torch

from fashion_pggan.cores import FreeCores, free_cores, usable_cores
from fashion_pggan.params import TrainParams

LOOK_S, LONGEST_S = 60.0, 3600.0  # least seconds between two looks: at the start, and after many changes
MORE, FEWER = 1.4, 0.7  # times the threads so far: between them a change gains little

log = logging.getLogger(__name__)


class Threads:
    """The threads of this process; setting them up sets how many PyTorch computes with.

    `train.threads` counts, then OMP_NUM_THREADS, then the run's number so far. A new run takes the cores that
    are free; processes on one machine share them.

    Args:
        params: the train section.
        before: the run's facts so far; empty for a new run.
        device: that is trained on.
    """

    def __init__(self, params: TrainParams, before: Mapping[str, Any], device: torch.device) -> None:
        beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        chosen = not params.threads and "OMP_NUM_THREADS" not in os.environ
        if params.threads:
            torch.set_num_threads(params.threads)
        elif chosen:
            torch.set_num_threads(_first(before.get("threads"), beside))
        self._looks = chosen and beside == 1 and device.type == "cpu" and not params.compile
        self._free = FreeCores()
        self.wait_s, self.looked = LOOK_S, time.monotonic()

    def chosen_again(self) -> int:
        """Look at what other programs left free since the last look, and take as many threads.

        The number stays when the last look was a moment ago, when it is not the run's to choose, on CUDA,
        beside other processes, and with compiled steps, which would be compiled again.

        Returns:
            The new number; 0: it stays.
        """
        if not self._looks or time.monotonic() - self.looked < self.wait_s:
            return 0
        before, free = torch.get_num_threads(), self._free.look()
        self.looked = time.monotonic()
        if FEWER * before < free < MORE * before:
            return 0
        self.wait_s = min(2 * self.wait_s, LONGEST_S)
        torch.set_num_threads(free)
        log.info(
            "other programs left %d of %d cores free: computing with %d instead of %d threads, which rounds "
            "differently (train.threads keeps a number)",
            free,
            usable_cores(),
            free,
            before,
        )
        return free


def _first(held: object, beside: int) -> int:
    """The threads of a start: the run's so far, else the cores that are free, shared by processes beside."""
    if isinstance(held, int) and held > 0:
        return min(held, usable_cores())
    return max(free_cores() // beside, 1)
