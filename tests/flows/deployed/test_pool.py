"""A work pool as the head of prefect.yaml makes it, with workers that are stopped, killed and far away."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.automations import AutomationCore
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Pending

from fashion_pggan.loopback import free_port
from flows.server.server import answers
from flows.server.silence import automations
from tests.flows.toy import REPOSITORY, Toy, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ENDED = {StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED}


class Pool:
    """A toy repository with a server, a pool and deployments, made by the commands of prefect.yaml."""

    def __init__(self, toy: Toy) -> None:
        self.toy, self.url = toy, f"http://127.0.0.1:{free_port()}/api"
        self.settings = {"PREFECT_API_URL": self.url, "PREFECT_WORKER_QUERY_SECONDS": "1"}
        self.started: list[subprocess.Popen[str]] = []
        shutil.copy(REPOSITORY / "prefect.yaml", toy.folder)

    def prepare(self) -> None:
        head = (REPOSITORY / "prefect.yaml").read_text().split("name:")[0]
        server, *steps, worker = re.findall(r"^#   (.+)$", head, re.MULTILINE)
        assert server.startswith("fashion-pggan ")
        self.start(*server.removeprefix("fashion-pggan ").split(), entry="fashion_pggan")
        wait_for(lambda: answers(self.url) and (self.toy.folder / "prefect.toml").exists())
        for step in steps:
            status, output = self.toy.run(*step.split(), **self.settings)
            assert status == 0, output
        self.worker_command = worker.split()

    def start(self, *command: str, entry: str = "", **settings: str) -> "subprocess.Popen[str]":
        words = (entry, *command) if entry else command
        self.started.append(self.toy.start(*words, **self.settings, **settings))
        return self.started[-1]

    def worker(self, **settings: str) -> "subprocess.Popen[str]":
        return self.start(*self.worker_command, **settings)

    def ask(self, stage: str) -> str:
        """Ask for a run; its name."""
        status, output = self.toy.run(
            "prefect", "deployment", "run", f"fashion-pggan-{stage}/{stage}", **self.settings
        )
        assert status == 0, output
        return re.findall(r"Created flow run '(.+)'", output)[0]

    def run_of(self, name: str) -> FlowRun:
        """What the server knows of a run."""
        with self.client() as client:
            return next(run for run in client.read_flow_runs() if run.name == name)

    def state_of(self, name: str) -> StateType | None:
        return self.run_of(name).state_type

    @contextmanager
    def client(self):  # type: ignore[no-untyped-def]  # Prefect's client
        key = Path(self.toy.environment["PREFECT_HOME"], "fashion-pggan.key").read_text().strip()
        with (
            temporary_settings({PREFECT_API_URL: self.url, PREFECT_API_AUTH_STRING: key}),
            get_client(sync_client=True) as client,
        ):
            yield client

    def end(self) -> None:
        for process in self.toy.processes():
            process.kill()
        for started in self.started:
            started.communicate()


@pytest.fixture
def pool(toy: Toy) -> Iterator[Pool]:
    pool = Pool(toy)
    try:
        pool.prepare()
        yield pool
    finally:
        pool.end()
        toy.wait_until_gone()


def test_workers_that_are_stopped_and_killed_hold_the_pool_for_no_longer_than_their_silence(
    pool: Pool,
) -> None:
    toy = pool.toy
    toy.set("crawl", steps=6000)
    for number in (signal.SIGINT, signal.SIGKILL):
        worker, name = pool.worker(), pool.ask("crawl")
        toy.wait_until_at_work("crawl")
        os.killpg(worker.pid, number)
        worker.communicate(timeout=60)
        (toy.folder / "ran.log").unlink()
        wait_for(lambda: not any("toy_stage.py" in process.cmdline() for process in toy.processes()))
        wait_for(lambda name=name: pool.state_of(name) is StateType.CRASHED)  # type: ignore[misc]
        state = pool.run_of(name).state
        assert state
        assert "Run it again, which resumes it" in (state.message or "")
    toy.set("crawl", steps=1)
    pool.worker()
    pool.worker()  # two workers, of which the pool's limit lets one work
    names = [pool.ask("crawl"), pool.ask("curate")]
    wait_for(lambda: {pool.state_of(name) for name in names} == {StateType.COMPLETED})
    assert toy.ran() == ["crawl", "curate"]


def test_a_run_whose_worker_is_killed_before_it_starts_has_crashed(pool: Pool) -> None:
    """The worker's last deed was to take it; how long a run may take to start is shortened here."""
    (name,) = [each.name for each in automations() if "do not start" in each.name]
    with pool.client() as client:
        (found,) = client.read_automations_by_name(name)
        client.delete_automation(found.id)
        trigger = found.trigger.model_copy(update={"within": timedelta(seconds=10)})
        client.create_automation(AutomationCore(**{**dict(found), "trigger": trigger}))
        name = pool.ask("crawl")
        client.set_flow_run_state(pool.run_of(name).id, Pending())
    wait_for(lambda: pool.state_of(name) is StateType.CRASHED)
    state = pool.run_of(name).state
    assert state
    assert "Run it again, which resumes it" in (state.message or "")


def test_a_worker_works_in_its_own_clone_wherever_the_deployments_were_made(
    pool: Pool, tmp_path: Path
) -> None:
    clone = tmp_path / "elsewhere"
    shutil.copytree(pool.toy.folder, clone)
    worker = pool.worker(FASHION_PGGAN_CLONE=str(clone))
    name = pool.ask("crawl")
    wait_for(lambda: pool.state_of(name) in ENDED)
    assert pool.state_of(name) is StateType.COMPLETED
    assert (clone / "ran.log").exists()
    assert not (pool.toy.folder / "ran.log").exists()
    os.killpg(worker.pid, signal.SIGINT)
    worker.communicate(timeout=60)

    worker = pool.worker(FASHION_PGGAN_CLONE=str(tmp_path))
    name = pool.ask("curate")
    wait_for(lambda: pool.state_of(name) in ENDED)
    state = pool.run_of(name).state
    assert state
    assert f"no dvc.yaml in {tmp_path} (FASHION_PGGAN_CLONE is {tmp_path}): run from" in (state.message or "")
    os.killpg(worker.pid, signal.SIGINT)
    said = worker.communicate(timeout=60)[0]
    assert "Traceback" not in said


def test_a_request_from_another_folder_says_that_it_reaches_no_deployment(pool: Pool) -> None:
    below = pool.toy.folder / "below"
    below.mkdir()
    done = subprocess.run(
        ["python", "-m", "prefect", "deployment", "run", "fashion-pggan-crawl/crawl"],
        cwd=below,
        env={**pool.toy.environment, "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "'fashion-pggan-crawl/crawl' not found" in done.stdout + done.stderr
