"""The deployments: serve them until interrupted, or ask the process that serves them for a run."""

from pathlib import Path
from typing import Any

from prefect import Flow, serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import DeploymentStatus
from prefect.deployments import run_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from fashion_pggan.errors import UserError
from flows.deployed.pipeline import STAGES, full
from flows.reproduction import check_workspace
from flows.server.key import tell_prefect, use_key_of
from flows.server.server import OUR_URL, answers, ensure_server

RUNS_AT_ONCE = 1  # runs use the same files, so a second one waits
LOOK_EVERY_S = 2.0  # seconds between two looks at the run


def serve_all() -> None:
    """Serve `fashion-pggan/full` and `fashion-pggan-<stage>/stage`."""
    check_workspace(Path.cwd())
    url = ensure_server(temporary=False)
    print(f"Prefect at {url.removesuffix('/api')}; run: prefect deployment run fashion-pggan/full --watch")
    print(*tell_prefect(Path.cwd()), sep="\n", flush=True)
    deployments = [_deployment(full, "full"), *(_deployment(stage, "stage") for stage in STAGES.values())]
    serve(*deployments, limit=RUNS_AT_ONCE)


def _deployment(flow: Flow[[], Any], name: str) -> RunnerDeployment:
    deployment = flow.to_deployment(name)
    assert isinstance(deployment, RunnerDeployment)  # a coroutine in async code alone
    return deployment


def ask(deployment: str) -> None:
    """Run `deployment` and wait.

    Raises:
        UserError: no server answers, it refuses our keys, nobody serves the deployment, or the run failed.
    """
    url: str = PREFECT_API_URL.value() or OUR_URL
    if not answers(url):
        raise UserError(f"no Prefect server answers at {url}: start one with make serve, in another terminal")
    use_key_of(url)
    with get_client(sync_client=True) as client:
        try:
            status = client.read_deployment_by_name(deployment).status
        except ObjectNotFound:
            status = None
    if status is not DeploymentStatus.READY:
        raise UserError(f"nobody serves {deployment} at {url}: start make serve, in another terminal")
    print(f"started {deployment}: the terminal of make serve shows its log", flush=True)
    run = run_deployment(deployment, timeout=None, poll_interval=LOOK_EVERY_S)
    assert not hasattr(run, "__await__")  # a coroutine in async code alone
    state = run.state
    if state is None or not state.is_completed():
        name, message = (state.name, state.message) if state else ("unknown", "")
        raise UserError(
            f"the run {run.name} ended as {name} ({message}): read its log in the terminal of make serve"
        )
    print(f"the run {run.name} succeeded")
