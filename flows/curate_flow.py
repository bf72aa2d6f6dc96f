"""The curate stage as a Prefect flow."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.direct import run_directly
from flows.stage_task import reproduce_stage


@flow(name="fashion-pggan-curate")
def curate() -> State[Any]:
    """Images to a dataset, where anything has changed."""
    return reproduce_stage("curate")


if __name__ == "__main__":
    run_directly(curate)
