"""The deployments: serve them until interrupted, or ask the process that serves them for a run."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx import HTTPError
from prefect import Flow, serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import DeploymentStatus
from prefect.context import refresh_global_settings_context
from prefect.deployments import run_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.escaped import printable_lines
from flows.deployed.fleet.parts import crawl_parts
from flows.deployed.former import declared_in, end_runs_of, former, kept
from flows.deployed.pipeline import STAGES, full
from flows.deployed.weekly import weekly
from flows.reproduction import check_workspace
from flows.server.key import tell_prefect, use_key_of
from flows.server.report import serve_report
from flows.server.server import answers, configured_url, ensure_server
from flows.server.silence import OFTEN, watch_silent_runs

RUNS_AT_ONCE = 1  # runs use the same files, so a second one waits
SERVED: list[tuple[Flow[..., Any], str]] = [
    (full, "full"),
    (weekly, "weekly"),
    (crawl_parts, "fleet"),
    *((stage, name) for name, stage in STAGES.items()),
]
TAGS = ["fashion-pggan"]
LOOK_EVERY_S = 2.0  # seconds between two looks at the run
RETRIES = 2  # of a request that the server does not answer, after 2 and 4 s

log = logging.getLogger(__name__)


def serve_all() -> None:
    """Serve the flows of `SERVED`, such as `fashion-pggan/full`, with their schedules."""
    check_workspace(Path.cwd())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `make serve &` would ignore it
    was_there = answers(configured_url())
    url = ensure_server(temporary=False)
    _present(url, "run: prefect deployment run fashion-pggan/full --watch")
    if not was_there:
        watch_silent_runs()
    os.environ.update(OFTEN)
    if page := serve_report(url):
        print(f"the newest report: {page}", flush=True)
    flows = {f"{flow.name}/{name}": flow for flow, name in SERVED}
    known = former(flows)
    if not was_there and (ended := end_runs_of(known.values())):
        log.warning("runs that were at work when make serve last ended, now marked as crashed: %d", ended)
    schedules = declared_in(Path("prefect.yaml"))
    deployments = [
        _deployment(flow, name, kept(known.get(name), schedules.get(name.rpartition("/")[2], ())))
        for name, flow in flows.items()
    ]
    serve(*deployments, limit=RUNS_AT_ONCE, pause_on_shutdown=False)


def serve_server() -> None:
    """Prefect's server alone, until interrupted: for work pools, whose deployments are those of prefect.yaml.

    Raises:
        UserError: a server answers there already, or none can be started.
    """
    check_workspace(Path.cwd())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    url = configured_url()
    if answers(url):
        raise UserError(f"a Prefect server answers at {url} already: use that, or end it")
    ensure_server(temporary=False)
    watch_silent_runs()
    _present(url, "deployments for work pools: prefect --no-prompt deploy --all")
    while True:  # until interrupted; it ends with the server
        signal.pause()


def _present(url: str, hint: str) -> None:
    print(f"Prefect at {url.removesuffix('/api')}; {hint}")
    print(printable_lines(tell_prefect(Path.cwd())), flush=True)


def _deployment(flow: Flow[..., Any], name: str, settings: dict[str, Any]) -> RunnerDeployment:
    deployment = flow.to_deployment(name.rpartition("/")[2], tags=TAGS, **settings)
    assert isinstance(deployment, RunnerDeployment)  # a coroutine in async code alone
    return deployment


def ask(deployment: str) -> None:
    """Run `deployment` and wait.

    Raises:
        UserError: no server answers, it refuses our keys, nobody serves the deployment, or the run failed.
    """
    url = configured_url()
    if not answers(url):
        raise UserError(f"no Prefect server answers at {url}: start one with make serve, in another terminal")
    os.environ["PREFECT_API_URL"] = url  # in a folder without our settings, Prefect would ask another server
    use_key_of(url)
    refresh_global_settings_context()
    with _while_it_answers(url):
        _check_served(deployment, url)
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


def _check_served(deployment: str, url: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            status = client.read_deployment_by_name(deployment).status
        except ObjectNotFound:
            status = None
    if status is not DeploymentStatus.READY:
        raise UserError(f"nobody serves {deployment} at {url}: start make serve, in another terminal")


@contextmanager
def _while_it_answers(url: str) -> Iterator[None]:
    """Meanwhile a server that ends is an error of one line, within seconds instead of a minute."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: RETRIES}):
        try:
            yield
        except (HTTPError, ObjectNotFound) as error:  # it has ended, or has forgotten the run
            raise UserError(
                f"the Prefect server at {url} no longer answers for this run ({one_line(error)}): start make "
                "serve, and ask again"
            ) from error
