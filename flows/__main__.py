"""`python -m flows`: serve the deployments until interrupted, one run at a time."""

from pathlib import Path
from typing import Any

from prefect import Flow, serve
from prefect.deployments.runner import RunnerDeployment

from fashion_pggan.command import run_command
from flows.crawl_flow import crawl
from flows.curate_flow import curate
from flows.evaluate_flow import evaluate
from flows.full_flow import full
from flows.generate_flow import generate
from flows.key import tell_prefect
from flows.reproduction import check_workspace
from flows.server import ensure_server
from flows.train_flow import train

RUNS_AT_ONCE = 1  # they work on the same files: further runs wait


def main() -> None:
    """Serve `fashion-pggan/full` and `fashion-pggan-<stage>/stage`."""
    check_workspace(Path.cwd())
    url = ensure_server(temporary=False)
    print(f"Prefect at {url.removesuffix('/api')}; run: prefect deployment run fashion-pggan/full --watch")
    print(*tell_prefect(Path.cwd()), sep="\n", flush=True)
    stages = (crawl, curate, train, generate, evaluate)
    deployments = [_deployment(full, "full"), *(_deployment(stage, "stage") for stage in stages)]
    serve(*deployments, limit=RUNS_AT_ONCE)


def _deployment(flow: Flow[[], Any], name: str) -> RunnerDeployment:
    deployment = flow.to_deployment(name)
    assert isinstance(deployment, RunnerDeployment)  # a coroutine in async code alone
    return deployment


if __name__ == "__main__":
    run_command(main)
