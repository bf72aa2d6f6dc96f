"""The pipeline's flows: one per stage, and one of all stages in order with their figures as artifacts.

Only the crawl uses the network, so only the crawl is retried.
"""

from pathlib import Path
from typing import Any

from prefect import Task, flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State

from fashion_pggan.summary import Summary
from flows.deployed.stage_task import may_pass, reproduce_stage

REPORTS = Path("reports")  # as in dvc.yaml
RETRIES = 2  # further attempts of the crawl, when it says that the failure may pass
RETRY_DELAYS_S = [60.0, 600.0]  # seconds before each


def patient() -> Task[..., State[Any]]:
    """The task that runs a stage, and tries again when the stage says that it may help."""
    return reproduce_stage.with_options(
        retries=RETRIES, retry_delay_seconds=RETRY_DELAYS_S, retry_condition_fn=may_pass
    )


@flow(name="fashion-pggan-crawl")
def crawl() -> State[Any]:
    """Search results of a shop to images and records, if anything has changed."""
    return patient()("crawl")


@flow(name="fashion-pggan-curate")
def curate() -> State[Any]:
    """Images to a dataset, if anything has changed."""
    return reproduce_stage("curate")


@flow(name="fashion-pggan-train")
def train() -> State[Any]:
    """A dataset to snapshots, if anything has changed."""
    return reproduce_stage("train")


@flow(name="fashion-pggan-generate")
def generate() -> State[Any]:
    """A snapshot to new images, if anything has changed."""
    return reproduce_stage("generate")


@flow(name="fashion-pggan-evaluate")
def evaluate() -> State[Any]:
    """Snapshots to distances and a report, if anything has changed."""
    return reproduce_stage("evaluate")


@flow(name="fashion-pggan")
def full() -> None:
    """From a shop's search results to new garments and their distance from the real ones."""
    crawl()
    curate()
    train()
    generate()
    evaluate()
    publish(Summary.read(REPORTS))


STAGES = {"crawl": crawl, "curate": curate, "train": train, "generate": generate, "evaluate": evaluate}


def publish(summary: Summary) -> None:
    """Show the figures in Prefect: the table of distances, and the summary as text."""
    create_table_artifact(
        summary.distances(), key="fashion-pggan-swd", description="Sliced Wasserstein distance x 1e3"
    )
    create_markdown_artifact(f"```\n{summary.text().replace('`', '.')}\n```\n", key="fashion-pggan-summary")
