"""A run with other settings: an experiment of DVC in a folder of its own."""

from prefect import get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE

from fashion_pggan.command.lifetime import end_with_starter
from flows.reproduction import experiment


@task(name="dvc exp run", cache_policy=NO_CACHE)
def try_settings(overrides: list[str]) -> None:
    """Run all stages with some parameters changed, under the name of the flow's run.

    Args:
        overrides: as `dvc exp run --set-param` takes them.

    Raises:
        UserError: a stage failed.
    """
    end_with_starter()  # when the process that serves the flows is killed, it does not stop its runs
    name = str(runtime.flow_run.name)
    say = get_run_logger().info
    experiment(name, overrides, say)
    say("compare it: dvc exp show; take it over: dvc exp apply %s", name)
