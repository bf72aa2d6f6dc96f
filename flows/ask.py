"""`python -m flows.ask [STAGE]`: have whoever serves the deployments run one, and wait for its end."""

import argparse
import logging

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import DeploymentStatus
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError
from flows.key import use_key_of
from flows.server import OUR_URL, answers

STAGES = ("crawl", "curate", "train", "generate", "evaluate")
LOOK_EVERY_S = 2.0  # seconds between two looks at the run


def main() -> None:
    """Read the command line, ask, and end with the run's result."""
    parser = argparse.ArgumentParser(prog="python -m flows.ask", description=__doc__)
    parser.add_argument("stage", nargs="?", choices=STAGES, help="one stage (default: the whole pipeline)")
    stage: str | None = parser.parse_args().stage
    ask(f"fashion-pggan-{stage}/stage" if stage else "fashion-pggan/full")


def ask(deployment: str) -> None:
    """Run `deployment` and wait.

    Raises:
        UserError: no server answers, it takes none of our keys, nobody serves the deployment, or the run did
            not end well.
    """
    url: str = PREFECT_API_URL.value() or OUR_URL
    if not answers(url):
        raise UserError(f"no Prefect server answers at {url}: start one with make serve, in another terminal")
    use_key_of(url)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # says every request
    with get_client(sync_client=True) as client:
        try:
            status = client.read_deployment_by_name(deployment).status
        except ObjectNotFound:
            status = None
    if status is not DeploymentStatus.READY:
        raise UserError(f"nobody serves {deployment} at {url}: start make serve, in another terminal")
    print(f"{deployment} is asked for; make serve shows its log", flush=True)
    run = run_deployment(deployment, timeout=None, poll_interval=LOOK_EVERY_S)
    assert not hasattr(run, "__await__")  # a coroutine in async code alone
    state = run.state
    if state is None or not state.is_completed():
        name, message = (state.name, state.message) if state else ("unknown", "")
        raise UserError(f"the run {run.name} ended as {name}: {message}")
    print(f"the run {run.name} ended well")


if __name__ == "__main__":
    run_command(main)
