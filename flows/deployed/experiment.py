"""A run with other settings: an experiment of DVC in a folder of its own."""

from pathlib import Path

from prefect import get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE

from fashion_pggan.command.lifetime import end_with_starter
from fashion_pggan.params.preset import check_settings
from flows.reproduction import PARAMS, experiment


@task(name="dvc exp run", cache_policy=NO_CACHE)
def try_settings(settings: tuple[str, ...]) -> None:
    """Run all stages with some settings changed, under the name of the flow's run.

    Args:
        settings: SECTION.KEY=VALUE each.

    Raises:
        UserError: they make no valid parameters, or a stage failed.
    """
    end_with_starter()  # when the process that serves the flows is killed, it does not stop its runs
    check_settings(settings, Path(PARAMS))
    name = str(runtime.flow_run.name)
    say = get_run_logger().info
    experiment(name, settings, say)
    say("compare it: dvc exp show; take it over: dvc exp apply %s", name)
