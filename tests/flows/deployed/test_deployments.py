"""`python -m flows` and `prefect deployment run`, on a real server."""

import base64
import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from fashion_pggan.loopback import free_port
from flows.server.server import answers
from tests.flows.toy import Toy

pytestmark = pytest.mark.slow

START_S = 120.0  # seconds


class Served:
    """A toy repository whose deployments are served."""

    def __init__(self, toy: Toy, url: str) -> None:
        self.toy, self.environment = toy, {"PREFECT_API_URL": url, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        self.url, self.key_file = url, Path(toy.environment["PREFECT_HOME"], "fashion-pggan.key")
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
            {"Content-Type": "application/json", "Authorization": self.authorization()},
        )
        with urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)[0]
        return found

    def authorization(self) -> str:
        """The header that lets a request in."""
        return f"Basic {base64.b64encode(self.key_file.read_bytes().strip()).decode()}"

    def asked(self, path: str, method: str = "POST", **headers: str) -> tuple[int, str | None]:
        """The status of a request, and the origin whose pages may read the answer."""
        data = b"{}" if method == "POST" else None
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(
            f"{self.url}/{path}", data, {"Content-Type": "application/json", **names}, method=method
        )
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers["Access-Control-Allow-Origin"]
        except HTTPError as error:
            return error.code, error.headers["Access-Control-Allow-Origin"]

    def start_full(self) -> "subprocess.Popen[str]":
        return self.toy.start(
            "prefect", "deployment", "run", "fashion-pggan/full", "--watch", **self.environment
        )

    def stop(self) -> str:
        """End it as Ctrl-C does; returns what it said."""
        if self.process.returncode is not None:
            return ""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.communicate(timeout=60)[0]

    def wait_until_served(self) -> None:
        until = time.monotonic() + START_S
        while "fashion-pggan/full" not in (self.prefect("deployment", "ls")[1] if answers(self.url) else ""):
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < until, "the deployments are not served"
            time.sleep(0.5)


@pytest.fixture
def served(toy: Toy) -> Iterator[Served]:
    url = f"http://127.0.0.1:{free_port()}/api"
    served = Served(toy, url)
    try:
        served.wait_until_served()
        yield served
    finally:
        served.stop()
    toy.wait_until_gone()
    assert not answers(url)


def test_a_run_ends_as_its_stages_do_and_a_second_one_waits_for_it(served: Served) -> None:
    served.toy.set("crawl", steps=30)
    with served.start_full() as first, served.start_full() as second:
        outputs = [run.communicate(timeout=180)[0] for run in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert served.toy.ran() == ["crawl", "curate", "train", "evaluate", "generate"]

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


def test_nobody_is_let_in_without_the_key_and_no_other_page_reads_an_answer(
    served: Served, tmp_path: Path
) -> None:
    evil, own = "http://evil.example", served.url.removesuffix("/api")
    key = served.authorization()
    wrong = f"Basic {base64.b64encode(b'fashion-pggan:wrong').decode()}"
    assert stat.S_IMODE(served.key_file.stat().st_mode) == 0o600
    for path in ("deployments/", "deployments/filter", "flows/filter", "work_pools/"):
        assert served.asked(path, Origin=evil) == (401, None)
        assert served.asked(path, Origin=evil, Authorization=wrong) == (401, None)
    assert served.asked("flows/filter", Origin=evil, Authorization=key) == (200, None)
    assert served.asked("flows/filter", Authorization=key) == (200, None)
    ask = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    for origin, answer in ((evil, (400, None)), (own, (200, own)), ("null", (400, None))):
        assert served.asked("deployments/", "OPTIONS", Origin=origin, **ask) == answer

    with urlopen(f"{own}/ui-settings", timeout=30) as answer:
        assert json.load(answer)["auth"] == "BASIC"  # the page asks for the key

    for path, method in (("health", "GET"), ("flows/filter", "POST"), ("deployments/", "POST")):
        for host in ("evil.example", "127.0.0.1.evil.example:80", "evil.example:4200"):
            assert served.asked(path, method, Host=host, Authorization=key)[0] == 400
    assert served.asked("health", "GET", Host="localhost:1")[0] == 200

    settings = served.toy.folder / "prefect.toml"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert served.prefect("deployment", "ls")[0] == 0
    settings.unlink()
    status, output = served.prefect("deployment", "ls")
    assert status == 1
    assert "fashion-pggan/full" not in output
    export = f"export PREFECT_API_AUTH_STRING=$(cat {served.key_file})"
    done = subprocess.run(
        ["sh", "-c", f"{export}; python -m prefect deployment ls"],
        cwd=tmp_path,
        env={**served.toy.environment, **served.environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "fashion-pggan/full" in done.stdout
    status, output = served.toy.run("flows.ask", "crawl", **served.environment)  # by the kept key
    assert status == 0, output

    said = served.stop()
    assert export in said
    assert served.key_file.read_text().strip() not in said


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
        assert time.monotonic() < until, "a stage still runs"
        time.sleep(0.1)


SCHEDULED = "deployments:\n- name: weekly\n  schedules:\n  - {slug: mondays, cron: '0 3 * * 1'}\n"


def test_schedules_of_both_kinds_survive_a_restart_and_a_killed_server_is_one_line(
    toy: Toy,
) -> None:
    (toy.folder / "prefect.yaml").write_text(SCHEDULED)
    url = f"http://127.0.0.1:{free_port()}/api"
    served = Served(toy, url)
    served.wait_until_served()
    create = ("deployment", "schedule", "create", "fashion-pggan/weekly", "--cron", "0 4 * * 2")
    assert served.prefect(*create)[0] == 0
    server = next(process for process in toy.processes() if "uvicorn" in process.cmdline())
    server.kill()
    said = served.process.communicate(timeout=60)[0]
    assert served.process.returncode == 1
    line = f"error: the Prefect server at {url} has ended, and so does this command: run it again"
    assert said.splitlines()[-1] == line
    assert "Traceback" not in said
    toy.wait_until_gone()

    again = Served(toy, url)
    try:
        again.wait_until_served()
        listed = again.prefect("deployment", "schedule", "ls", "fashion-pggan/weekly")[1]
    finally:
        again.stop()
    assert listed.count("0 3 * * 1") == listed.count("0 4 * * 2") == 1
