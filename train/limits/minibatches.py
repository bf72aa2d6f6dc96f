"""Checks that processes and groups divide the minibatch of every resolution."""

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import levels_up_to
from train.growth.schedule import minibatch_at

BY_RESOLUTION = ("minibatch", "max_minibatch_per_device", "microbatch", "learning_rate")


def check_schedule(final_resolution: int, devices: int, params: TrainParams) -> None:
    """Refuse parameters that would fail hours into a run.

    Raises:
        UserError: a resolution, minibatch or group does not fit.
    """
    if not params.initial_resolution <= final_resolution:
        raise UserError(
            f"train.initial_resolution {params.initial_resolution} is above the dataset's "
            f"{final_resolution} px: lower it, or raise curate.resolution"
        )
    if params.initial_resolution & (params.initial_resolution - 1):
        raise UserError(
            f"train.initial_resolution {params.initial_resolution} is not a power of two: give 4, 8, 16, …"
        )
    for name in BY_RESOLUTION:
        if odd := next((each for each in getattr(params, name) if each < 4 or each & (each - 1)), None):
            raise UserError(f"train.{name} names {odd} px, but levels are powers of two: give 4, 8, 16, …")
    for resolution in levels_up_to(final_resolution):
        if resolution >= params.initial_resolution:
            _check_minibatch(resolution, devices, params)


def _check_minibatch(resolution: int, devices: int, params: TrainParams) -> None:
    share = minibatch_at(resolution, devices, params) // devices
    if share == 0:
        raise UserError(
            f"train.minibatch at {resolution} px is smaller than the number of processes, {devices}: raise it"
        )
    if share % min(params.stddev_group, share):
        raise UserError(
            f"train.minibatch at {resolution} px gives {share} images per process, which groups of "
            f"train.stddev_group {params.stddev_group} do not divide: make it a multiple"
        )
    part = params.microbatch.get(resolution, share)
    if share % min(part, share) or part % min(params.stddev_group, part):
        raise UserError(
            f"train.microbatch {part} at {resolution} px does not divide the {share} images per process: "
            f"give a divisor that is a multiple of train.stddev_group, {params.stddev_group}"
        )
