"""The pull step of a work pool: the run of a worker happens in that worker's own clone of the repository."""

import logging
import os
from pathlib import Path

import psutil

from flows.reproduction import CLONE

log = logging.getLogger(__name__)


def enter() -> dict[str, str]:
    """Go to the clone that `CLONE` names, otherwise to the folder in which the worker was started.

    It raises nothing, for Prefect would print dozens of lines: the flow refuses a folder without a pipeline.

    Returns:
        The folder, as Prefect's own steps return it; nothing where there is none.
    """
    try:
        named = os.environ.get(CLONE)
        folder = Path(named) if named else Path(psutil.Process(os.getppid()).cwd())
        os.chdir(folder)
    except (OSError, psutil.Error) as error:
        log.warning("no clone to run in: %s", error)
        return {}
    return {"directory": str(folder.resolve())}
