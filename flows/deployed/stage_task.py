"""The Prefect task that all flows share: one stage through DVC, with its outcome as the state's name."""

import logging
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from fashion_pggan.command.lifetime import end_with_starter
from fashion_pggan.errors import UserError
from flows.deployed.watched import Watched
from flows.reproduction import Outcome, StageError, reproduce


@task(name="dvc repro", task_run_name="{stage}", cache_policy=NO_CACHE)
def reproduce_stage(stage: str, *, again: bool = False) -> State[Any]:
    """Bring one stage up to date; DVC decides whether there is work to do, unless it is to run `again`.

    Raises:
        UserError: see `reproduce`.
    """
    end_with_starter()  # when the process that serves the flows is killed, it does not stop its runs
    outcome = reproduce(stage, Watched(stage, get_run_logger().info).line, again=again)
    return Completed(name="Completed" if outcome is Outcome.RAN else outcome.value, message=f"stage {stage}")


def may_pass(task: Any, run: Any, state: State[Any]) -> bool:
    """Tells Prefect whether to retry: only when the stage says that it may help."""
    return isinstance(state.data, StageError) and state.data.may_pass


class _WithoutTraceback(logging.Filter):
    """An error that a person can correct is one line in the log, without a useless traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], UserError):
            record.exc_info = None
        return True


for _name in ("prefect.task_runs", "prefect.flow_runs"):
    logging.getLogger(_name).addFilter(_WithoutTraceback())
