"""Starts several processes of one training on this machine, as torchrun does."""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from fashion_pggan.command.lifetime import stopping_children
from fashion_pggan.errors import PassingError
from fashion_pggan.params import TrainParams
from train.processes.rendezvous import LOOPBACK, stay_on_loopback

STARTED = "WORLD_SIZE"  # in the environment of what torchrun starts


def launch(module: str, words: Sequence[object], options: Mapping[str, object], params: TrainParams) -> None:
    """Run a Python module in `train.processes` processes and wait for their end.

    Args:
        module: its name.
        words: its arguments.
        options: of its command line; None or empty: not given.
        params: the train section.

    Raises:
        PassingError: one was killed.
        SystemExit: they were stopped, or one failed, with its status; it has said why.
    """
    given = [f"--{name}={value}" for name, value in options.items() if value]
    command = [*map(str, words), *given]
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # it logs each signal
    with tempfile.TemporaryDirectory() as folder, stopping_children(params.grace_s) as signals:
        try:
            elastic_launch(_config(folder, params), sys.executable)("-u", "-m", module, *command)
        except ChildFailedError as error:
            rank, failure = error.get_first_failure()
            if signals:
                sys.exit(128 + signals[0])
            if failure.exitcode > 0:
                sys.exit(failure.exitcode)
            raise PassingError(
                f"process {rank} of {params.processes} was killed "
                f"({signal.Signals(-failure.exitcode).name}): look for the cause, such as too little memory, "
                "then run again to resume from the last checkpoint"
            ) from None


def _config(folder: str, params: TrainParams) -> LaunchConfig:
    return LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=params.processes,
        logs_specs=DefaultLogsSpecs(log_dir=folder),
        rdzv_backend=stay_on_loopback(),
        local_addr=LOOPBACK,
        run_id="train",
        max_restarts=0,
        signals_to_handle="SIGQUIT",  # other signals are handled here: they stop the processes, and wait
        shutdown_timeout=round(params.grace_s),
    )


def to_launch(processes: int) -> bool:
    """Whether this process must start those of the training, unless torchrun has."""
    return processes > 1 and STARTED not in os.environ
