"""Starts several processes of one training on this machine, as torchrun does."""

import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from fashion_pggan.command.lifetime import stopping_children
from fashion_pggan.errors import ArgumentError, PassingError, UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.building import scratch_folder
from train.processes.ranks import LAUNCHED, LOST
from train.processes.rendezvous import LOOPBACK, loopback_store

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
    with scratch_folder() as folder, stopping_children(params.grace_s) as signals:
        try:
            elastic_launch(_config(folder, params), sys.executable)("-u", "-m", module, *command)
        except ChildFailedError as error:
            if signals:
                sys.exit(128 + signals[0])
            _end_as(*_cause(error), params.processes)


def check_devices(device: str, processes: int) -> None:
    """Refuse processes that have no CUDA device of their own.

    Args:
        device: as for `fashion_pggan.devices.device_of`.
        processes: to start on this machine.

    Raises:
        UserError: there are fewer devices, or one is named for all.
    """
    here = torch.cuda.device_count()
    if device.startswith("cuda:"):
        raise ArgumentError(
            f"--device {device} names one device, and train.processes is {processes}, each with its own: "
            "give --device cuda, or set train.processes to 1"
        )
    if device != "cpu" and 0 < here < processes:
        raise UserError(
            f"train.processes is {processes}, and this machine has {here} CUDA device{'s' * (here != 1)}: "
            f"set train.processes to {here}, or give --device cpu"
        )


def _cause(error: ChildFailedError) -> tuple[int, int]:
    """The process that failed first, and its status; those that only lost another one come after it."""
    rank, failure = min(
        error.failures.items(), key=lambda item: (item[1].timestamp, item[1].exitcode == LOST)
    )
    return rank, failure.exitcode


def _end_as(rank: int, status: int, processes: int) -> NoReturn:
    who = f"process {rank} of {processes}"
    if status == LOST:
        raise PassingError(
            f"{who} lost the others, and none says why: run again to resume from the last checkpoint"
        )
    if status > 0:
        sys.exit(status)
    name = signal.Signals(-status).name
    raise PassingError(
        f"{who} was killed ({name}): look for the cause, such as too little memory, then run again to resume "
        "from the last checkpoint"
    )


def _config(folder: Path, params: TrainParams) -> LaunchConfig:
    return LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=params.processes,
        logs_specs=DefaultLogsSpecs(log_dir=str(folder)),
        rdzv_backend=loopback_store(),
        local_addr=LOOPBACK,
        run_id=LAUNCHED,
        max_restarts=0,
        signals_to_handle="SIGQUIT",  # other signals are handled here: they stop the processes, and wait
        shutdown_timeout=round(params.grace_s),
    )


def to_launch(processes: int) -> bool:
    """Whether this process must start those of the training, unless torchrun has."""
    return processes > 1 and STARTED not in os.environ
