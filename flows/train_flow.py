"""The train stage as a Prefect flow."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.direct import run_directly
from flows.stage_task import reproduce_stage


@flow(name="fashion-pggan-train")
def train() -> State[Any]:
    """A dataset to a progressive GAN, where anything has changed."""
    return reproduce_stage("train")


if __name__ == "__main__":
    run_directly(train)
