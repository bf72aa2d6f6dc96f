"""The growing schedule: what is trained at a number of images shown, as a pure function of it.

Source: Karras et al. 2018, section A.1; docs/reference/conformance.md.
"""

import math
from dataclasses import dataclass

from fashion_pggan.params import TrainParams


@dataclass(frozen=True)
class Phase:
    """A moment of the schedule."""

    lod: float  # level of detail: 0 at the final resolution; its fraction is the share of the level below
    resolution: int  # pixels, at which the networks run
    minibatch: int  # images per step, over all processes
    learning_rate: float

    @property
    def fade(self) -> float:
        """Share of the level below: 0 outside a transition."""
        return self.lod - math.floor(self.lod)

    @property
    def doublings(self) -> int:
        """How often the resolution has doubled from 4 px on."""
        return self.resolution.bit_length() - 3

    @property
    def stretch(self) -> tuple[int, int]:
        """A value that changes exactly when a transition starts or ends; then the optimizers are reset."""
        return math.floor(self.lod), math.ceil(self.lod)


def phase_at(images_shown: int, final_resolution: int, devices: int, params: TrainParams) -> Phase:
    """The phase after `images_shown` images.

    Args:
        images_shown: real images shown to the critic so far, over all processes.
        final_resolution: pixels, of the dataset.
        devices: number of processes that share a minibatch.
        params: the train section.
    """
    kimg = images_shown / 1000
    period = params.stabilise_kimg + params.fade_kimg
    passed = math.floor(kimg / period)
    faded = max(kimg - passed * period - params.stabilise_kimg, 0.0) / params.fade_kimg
    start = doublings_between(params.initial_resolution, final_resolution)
    return phase_of(max(start - passed - faded, 0.0), final_resolution, devices, params)


def phase_of(lod: float, final_resolution: int, devices: int, params: TrainParams) -> Phase:
    """The phase at a level of detail; the rest as for `phase_at`."""
    resolution = final_resolution // 2 ** math.floor(lod)
    return Phase(
        lod=lod,
        resolution=resolution,
        minibatch=minibatch_at(resolution, devices, params),
        learning_rate=params.learning_rate.get(resolution, params.learning_rate_base),
    )


def doublings_between(initial_resolution: int, final_resolution: int) -> int:
    """How often the resolution doubles; both are powers of two."""
    return final_resolution.bit_length() - initial_resolution.bit_length()


def minibatch_at(resolution: int, devices: int, params: TrainParams) -> int:
    """Images per step at a resolution, over all processes."""
    wanted = params.minibatch.get(resolution, params.minibatch_base)
    wanted -= wanted % devices
    cap = params.max_minibatch_per_device.get(resolution)
    return wanted if cap is None else min(wanted, cap * devices)
