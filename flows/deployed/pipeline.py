"""The pipeline's flows: one per stage, and one of all stages in order with their figures as artifacts.

Only the crawl uses the network, so only the crawl is retried.
"""

import time
from typing import Annotated, Any, Literal

from prefect import Task, flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import raise_state_exception
from pydantic import Field

from fashion_pggan.errors import UserError
from fashion_pggan.progress import duration
from fashion_pggan.summary import Summary
from flows.deployed.artifacts import REPORTS, publish
from flows.deployed.experiment import try_settings
from flows.deployed.stage_task import may_pass, reproduce_stage
from flows.reproduction import plan

RETRIES = 2  # further attempts of the crawl, when it says that the failure may pass
RETRY_DELAYS_S = [60.0, 600.0]  # seconds before each

Stage = Literal["crawl", "curate", "train", "evaluate", "generate"]
Setting = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_.]+=", examples=["train.total_kimg=50.0"])]


def patient() -> Task[..., State[Any]]:
    """The task that runs a stage, and tries again when the stage says that it may help."""
    return reproduce_stage.with_options(
        retries=RETRIES, retry_delay_seconds=RETRY_DELAYS_S, retry_condition_fn=may_pass
    )


@flow(name="fashion-pggan-crawl")
def crawl(again: bool = False) -> State[Any]:
    """Search results of a shop to images and records, if anything has changed.

    Args:
        again: run it although nothing that it depends on has changed.
    """
    return patient()("crawl", again=again)


@flow(name="fashion-pggan-curate")
def curate(again: bool = False) -> State[Any]:
    """Images to a dataset, if anything has changed.

    Args:
        again: run it although nothing that it depends on has changed.
    """
    return reproduce_stage("curate", again=again)


@flow(name="fashion-pggan-train")
def train(again: bool = False) -> State[Any]:
    """A dataset to snapshots, if anything has changed.

    Args:
        again: run it although nothing that it depends on has changed.
    """
    return reproduce_stage("train", again=again)


@flow(name="fashion-pggan-evaluate")
def evaluate(again: bool = False) -> State[Any]:
    """Snapshots to distances and a report, if anything has changed.

    Args:
        again: run it although nothing that it depends on has changed.
    """
    return reproduce_stage("evaluate", again=again)


@flow(name="fashion-pggan-generate")
def generate(again: bool = False) -> State[Any]:
    """The best snapshot to new images, if anything has changed.

    Args:
        again: run it although nothing that it depends on has changed.
    """
    return reproduce_stage("generate", again=again)


@flow(name="fashion-pggan", validate_parameters=True)
def full(settings: tuple[Setting, ...] = (), force: tuple[Stage, ...] = (), dry_run: bool = False) -> None:
    """From a shop's search results to new garments and their distance from the real ones.

    Args:
        settings: SECTION.KEY=VALUE, changed for this run alone. It becomes an experiment of DVC in a folder
            of its own; params.yaml, data and models stay. `dvc exp show` compares it, and
            `dvc exp apply` takes it over.
        force: stages to run although nothing that they depend on has changed.
        dry_run: only log what would run.
    """
    say = get_run_logger().info
    if settings and (force or dry_run):
        raise UserError(
            "settings make an experiment, which takes neither force nor dry_run: give settings alone"
        )
    if settings:
        try_settings(settings)
    elif dry_run:
        plan(say)
    else:
        for name, stage in STAGES.items():
            began = time.monotonic()
            state = stage(again=name in force, return_state=True)
            raise_state_exception(state)
            say("%s: %s after %s", name, state.name, duration(time.monotonic() - began))
        publish(Summary.read(REPORTS))


STAGES = {"crawl": crawl, "curate": curate, "train": train, "evaluate": evaluate, "generate": generate}
