"""`python -m flows` and `prefect deployment run`, on a real server."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from flows.server import answers
from tests.flows.toy import Toy

pytestmark = pytest.mark.slow

START_S = 120.0  # seconds


class Served:
    """A toy repository whose deployments are served."""

    def __init__(self, toy: Toy, url: str) -> None:
        self.toy, self.environment = toy, {"PREFECT_API_URL": url, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        self.url = url
        self.process = toy.start("flows", **self.environment)

    def prefect(self, *arguments: str) -> tuple[int, str]:
        return self.toy.run("prefect", *arguments, **self.environment)

    def last_full(self) -> dict[str, Any]:
        """The latest run of the full flow, as the API tells it."""
        question = {
            "flows": {"name": {"any_": ["fashion-pggan"]}},
            "sort": "START_TIME_DESC",
            "limit": 1,
        }
        request = Request(
            f"{self.url}/flow_runs/filter",
            json.dumps(question).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)[0]
        return found

    def start_full(self) -> "subprocess.Popen[str]":
        return self.toy.start(
            "prefect", "deployment", "run", "fashion-pggan/full", "--watch", **self.environment
        )

    def wait_until_served(self) -> None:
        until = time.monotonic() + START_S
        while "fashion-pggan/full" not in (self.prefect("deployment", "ls")[1] if answers(self.url) else ""):
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < until, "the deployments are not served"
            time.sleep(0.5)


@pytest.fixture
def served(toy: Toy) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/api"
    served = Served(toy, url)
    try:
        served.wait_until_served()
        yield served
    finally:
        os.killpg(served.process.pid, signal.SIGINT)
        served.process.communicate(timeout=60)
    toy.wait_until_gone()
    assert not answers(url)


def test_a_run_ends_as_its_stages_do_and_a_second_one_waits_for_it(served: Served) -> None:
    served.toy.set("crawl", steps=30)
    with served.start_full() as first, served.start_full() as second:
        outputs = [run.communicate(timeout=180)[0] for run in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert served.toy.ran() == ["crawl", "curate", "train", "generate", "evaluate"]

    served.toy.set("curate", mode="person")
    status, output = served.prefect("deployment", "run", "fashion-pggan/full", "--watch")
    assert status == 1, output
    assert "stage curate failed: no images in data/raw" in served.last_full()["state"]["message"]

    status, output = served.toy.run("flows.ask", **served.environment)
    assert status == 1
    assert "stage curate failed: no images in data/raw" in output.splitlines()[-1]

    served.toy.set("curate", mode="good")
    status, output = served.toy.run("flows.ask", "curate", **served.environment)
    assert status == 0, output


def test_a_cancelled_run_and_a_killed_one_leave_no_stage_at_work(served: Served) -> None:
    served.toy.set("crawl", steps=600)
    with served.start_full() as run:
        served.toy.wait_until_at_work("crawl")
        assert served.prefect("flow-run", "cancel", served.last_full()["id"])[0] == 0
        run.communicate(timeout=60)
    assert run.returncode == 1
    assert served.last_full()["state"]["type"] == "CANCELLED"
    wait_until_idle(served)

    (served.toy.folder / "ran.log").unlink()
    with served.start_full() as run:
        served.toy.wait_until_at_work("crawl")
        for process in served.toy.processes():
            if {"prefect.flow_engine", "prefect.engine"} & set(process.cmdline()):
                process.kill()
        run.communicate(timeout=60)
    assert run.returncode == 1
    assert served.last_full()["state"]["type"] == "CRASHED"
    wait_until_idle(served)


def wait_until_idle(served: Served) -> None:
    until = time.monotonic() + 10
    while any("toy_stage.py" in process.cmdline() for process in served.toy.processes()):
        assert time.monotonic() < until, "a stage goes on"
        time.sleep(0.1)
