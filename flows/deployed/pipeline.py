"""The pipeline's flows: one per stage, and one of all stages in order with their figures as artifacts.

Only the crawl uses the network, so only the crawl is retried.
"""

import time
from collections.abc import Collection
from typing import Any

from prefect import Task, flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import raise_state_exception

from fashion_pggan.errors import UserError
from fashion_pggan.progress import duration
from fashion_pggan.summary import Summary
from flows.deployed.artifacts import REPORTS, publish
from flows.deployed.experiment import try_settings
from flows.deployed.grown import has_grown, note_training
from flows.deployed.parameters import (
    AUTO,
    HERE,
    Count,
    Device,
    Preset,
    Processes,
    Setting,
    Stage,
    changed,
    use_device,
)
from flows.deployed.stage_task import may_pass, reproduce_stage
from flows.reproduction import plan

RETRIES = 2  # further attempts of the crawl, when it says that the failure may pass
RETRY_DELAYS_S = [60.0, 600.0]  # seconds before each


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
def full(
    *,
    preset: Preset = HERE,
    settings: tuple[Setting, ...] = (),
    labels: bool | None = None,
    processes: Processes = None,
    device: Device = AUTO,
    min_new_images: Count = 0,
    force: tuple[Stage, ...] = (),
    dry_run: bool = False,
) -> None:
    """From a shop's search results to new garments and their distance from the real ones.

    What the first four change makes the run an experiment of DVC in a folder of its own; params.yaml, data
    and models stay. `dvc exp show` compares it, and `dvc exp apply` takes it over.

    Args:
        preset: the parameters to begin with: params.yaml, or a preset in its place.
        settings: SECTION.KEY=VALUE, changed for this run alone.
        labels: whether to train with labels; none: as the parameters say.
        processes: that train together, one per GPU; none: as the parameters say.
        device: auto, cpu, cuda:N or cuda:N,M: GPUs by the numbers that nvidia-smi gives; auto: all.
        min_new_images: with fewer new images since the last training nothing is trained; 0: always.
        force: stages to run although nothing that they depend on has changed.
        dry_run: only log what would run.
    """
    say = get_run_logger().info
    use_device(device)
    overrides = changed(preset, settings, labels, processes)
    if overrides and (force or min_new_images):
        raise UserError(
            "other parameters make an experiment, which runs all stages: give them without force and "
            "min_new_images"
        )
    if dry_run and overrides:
        for override in overrides:
            say("would be changed: %s", override)
        say("all stages would run, as an experiment of DVC")
    elif dry_run:
        plan(say)
    elif overrides:
        try_settings(overrides)
    else:
        _run_stages(force, min_new_images)


def _run_stages(force: Collection[str], min_new_images: int) -> None:
    """All stages with their figures; those up to the curation where the dataset has not grown enough."""
    for name, stage in STAGES.items():
        if name == "train" and not has_grown(min_new_images):
            return
        began = time.monotonic()
        state = stage(again=name in force, return_state=True)
        raise_state_exception(state)
        get_run_logger().info("%s: %s after %s", name, state.name, duration(time.monotonic() - began))
    note_training()  # last: a run that ends before goes on with what it has trained
    publish(Summary.read(REPORTS))


STAGES = {"crawl": crawl, "curate": curate, "train": train, "evaluate": evaluate, "generate": generate}
