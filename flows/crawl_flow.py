"""The crawl stage as a Prefect flow: the one stage that meets the network, so the one that is tried again."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.direct import run_directly
from flows.stage_task import may_pass, reproduce_stage

RETRIES = 2  # further attempts, when the stage says that the trouble may pass
RETRY_DELAYS_S = [60.0, 600.0]  # seconds before each


@flow(name="fashion-pggan-crawl")
def crawl() -> State[Any]:
    """A shop's search results to images and records, where anything has changed."""
    patient = reproduce_stage.with_options(
        retries=RETRIES, retry_delay_seconds=RETRY_DELAYS_S, retry_condition_fn=may_pass
    )
    return patient("crawl")


if __name__ == "__main__":
    run_directly(crawl)
