"""The evaluate stage as a Prefect flow."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.direct import run_directly
from flows.stage_task import reproduce_stage


@flow(name="fashion-pggan-evaluate")
def evaluate() -> State[Any]:
    """Snapshots to distances and a report, where anything has changed."""
    return reproduce_stage("evaluate")


if __name__ == "__main__":
    run_directly(evaluate)
