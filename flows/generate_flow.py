"""The generate stage as a Prefect flow."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.direct import run_directly
from flows.stage_task import reproduce_stage


@flow(name="fashion-pggan-generate")
def generate() -> State[Any]:
    """A snapshot to new images, where anything has changed."""
    return reproduce_stage("generate")


if __name__ == "__main__":
    run_directly(generate)
