"""The watch over a fleet, by a server that tells what the test says."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound

from fashion_pggan.errors import UserError
from flows.deployed.fleet import watch
from flows.deployed.fleet.order import Order, order_in
from flows.deployed.fleet.signs import SILENT_S
from flows.deployed.fleet.watch import Watch

LOG = logging.getLogger("fleet")


class Server:
    """Prefect's server: the states that each part's runs go through, one at a look; the last one stays."""

    def __init__(self, **states: list[list[str]]) -> None:
        self.states = {f"{name[1:]}/2": list(runs) for name, runs in states.items()}  # by part, of each run
        self.runs: dict[UUID, tuple[str, list[str]]] = {}
        self.asked: list[str] = []
        self.now, self.beats, self.looks = 0.0, 0, 0
        self.known: list[FlowRun] = []  # that are at work when the watch begins
        self.set: list[tuple[str, str, str]] = []

    def ask(self, name: str, **options: Any) -> FlowRun:
        part = options["parameters"]["part"]
        self.asked.append(part)
        return self.run_of(part)

    def run_of(self, part: str) -> FlowRun:
        run = FlowRun(id=uuid4(), flow_id=uuid4(), name=f"run of {part}")
        self.runs[run.id] = (part, self.states[part].pop(0))
        return run

    def read_flow_run(self, run: UUID) -> Any:
        _, states = self.runs[run]
        kind, _, message = (states[0] if len(states) == 1 else states.pop(0)).partition(": ")
        if kind == "Ctrl-C":
            raise KeyboardInterrupt
        type_ = StateType("SCHEDULED" if kind == "Late" else kind.upper())
        number = UUID(int=len(states))  # the same state has the same number
        return SimpleNamespace(id=run, state=State(id=number, type=type_, name=kind, message=message))

    def set_flow_run_state(self, run: UUID, state: State[Any], **options: Any) -> None:
        part, states = self.runs[run]
        self.set.append((part, state.type.value, state.message or ""))
        states[:] = [f"{state.type.value.capitalize()}: {state.message}"]

    def read_deployment_by_name(self, name: str) -> Any:
        return SimpleNamespace(id=uuid4())

    def read_flow_runs(self, **filters: Any) -> list[FlowRun]:
        tags = filters["flow_run_filter"].tags.all_
        return [run for run in self.known if f"part {self.runs[run.id][0]}" in tags]

    def request(self, *words: str, **options: Any) -> Any:
        events = [{"id": str(self.beats)}] if self.beats else []
        return SimpleNamespace(json=lambda: {"events": events})

    def sleep(self, seconds: float) -> None:
        self.now += SILENT_S / 2 + 1


Watching = Callable[..., Watch]


@pytest.fixture
def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watching:
    def start(server: Server, **done: str) -> Watch:
        @contextmanager
        def client(**options: object) -> Iterator[Server]:
            yield server

        monkeypatch.setattr(watch, "get_client", client)
        monkeypatch.setattr(watch, "run_deployment", server.ask)
        monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: server.now, sleep=server.sleep))
        order = Order(
            crawl="c", plan="p", parts=2, done={f"{name[1:]}/2": where for name, where in done.items()}
        )
        return Watch(order, tmp_path, {}, LOG)

    return start


def test_parts_that_are_done_are_kept_and_asked_for_no_more(watching: Watching, tmp_path: Path) -> None:
    server = Server(p1=[["Pending", "Running", "Completed: m1:/a"]], p2=[["Completed: m2:/b"]])
    watching(server).to_the_end()
    assert server.asked == ["1/2", "2/2"]
    assert order_in(tmp_path, "p", 2).done == {"1/2": "m1:/a", "2/2": "m2:/b"}
    server = Server(p2=[["Completed: m2:/b"]])
    watching(server, p1="m1:/a").to_the_end()
    assert server.asked == ["2/2"]


def test_a_part_whose_worker_is_silent_or_crashes_is_asked_for_again(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(
        p1=[["Running"], ["Completed: m1:/a"]],  # its worker was killed: nobody says so
        p2=[["Running", "Crashed: Process exited with status code: -9"], ["Completed: m2:/b"]],
    )
    watching(server).to_the_end()
    assert server.asked == ["1/2", "2/2", "2/2", "1/2"]
    assert [(part, state) for part, state, _ in server.set] == [("1/2", "CRASHED")]
    lines = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    silent = "no sign of life for 102 s: its worker was killed, or the machine is gone"
    assert lines == [
        "part 2/2 crashed (Process exited with status code: -9): a worker resumes it",
        f"part 1/2 crashed ({silent}): a worker resumes it",
    ]


def test_a_part_that_always_crashes_ends_the_flow(watching: Watching) -> None:
    server = Server(p1=[["Crashed: out of memory"]] * 9, p2=[["Completed: m2:/b"]])
    with pytest.raises(
        UserError, match=r"^part 1/2 crashed \(out of memory\): correct that and start the flow"
    ):
        watching(server).to_the_end()
    assert server.asked.count("1/2") == 5


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (
            "Failed: Flow run encountered an exception: StageError: crawler failed: no NAVER_KEY",
            "part 1/2 failed (crawler failed: no NAVER_KEY)",
        ),
        ("Cancelled: by the user", "part 1/2 cancelled (by the user)"),
        ("Failed", "part 1/2 failed (nothing is known)"),
    ],
)
def test_a_part_that_ends_for_good_lets_the_others_finish(
    watching: Watching, state: str, line: str, tmp_path: Path
) -> None:
    server = Server(p1=[[state]], p2=[["Pending", "Running", "Running", "Completed: m2:/b"]])
    with pytest.raises(UserError) as caught:
        watching(server).to_the_end()
    assert str(caught.value) == (
        f"{line}: correct that and start the flow again, which keeps all that is fetched"
    )
    assert order_in(tmp_path, "p", 2).done == {"2/2": "m2:/b"}


def test_a_flow_that_is_stopped_stops_its_parts(watching: Watching, caplog: pytest.LogCaptureFixture) -> None:
    server = Server(p1=[["Running", "Completed: m1:/a"]], p2=[["Running", "Running", "Ctrl-C"]])
    with pytest.raises(KeyboardInterrupt):
        watching(server).to_the_end()
    assert server.set == [("2/2", "CANCELLING", "the flow that asked was stopped")]
    assert "part 2/2 is stopped too; start the flow again to go on" in caplog.messages


def test_a_run_that_is_still_at_work_is_not_asked_for_twice(watching: Watching) -> None:
    server = Server(p1=[["Running", "Completed: m1:/a"]], p2=[["Completed: m2:/b"]])
    server.known = [server.run_of("1/2")]
    watching(server).to_the_end()
    assert server.asked == ["2/2"]


def test_a_run_that_an_earlier_flow_was_stopping_is_waited_for_and_asked_for_again(
    watching: Watching,
) -> None:
    server = Server(
        p1=[["Cancelling", "Cancelling", "Cancelled: the flow that asked was stopped"], ["Completed: m1:/a"]],
        p2=[["Completed: m2:/b"]],
    )
    server.known = [server.run_of("1/2")]
    server.known[0].state = State(type=StateType.CANCELLING)
    watching(server).to_the_end()
    assert server.asked == ["2/2", "1/2"]


def test_a_part_that_waits_for_a_worker_says_so_once(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(p1=[["Late", "Late", "Late", "Running", "Completed: m1:/a"]], p2=[["Completed: m2:/b"]])
    watching(server).to_the_end()
    said = "part 1/2 waits for a worker: prefect worker start --pool fashion-pggan-parts --limit 1"
    assert caplog.messages.count(said) == 1


def test_a_server_without_the_deployment_is_one_line(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ObjectNotFound(Exception())

    server = Server()
    monkeypatch.setattr(server, "read_deployment_by_name", missing)
    with pytest.raises(UserError, match=r"knows no fashion-pggan-crawl-part/part: run prefect --no-prompt"):
        watching(server).to_the_end()
