"""TensorBoard, which a page of another site cannot read."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
from torch.utils.tensorboard import SummaryWriter

from fashion_pggan.errors import UserError
from fashion_pggan.loopback import HEADERS
from train.record.board import Titled, guarded, serve_board


@pytest.mark.parametrize(
    ("host", "method", "origin", "status"),
    [
        ("127.0.0.1:6006", "GET", None, "200 OK"),
        ("localhost:6006", "POST", "http://localhost:6006", "200 OK"),
        ("evil.example", "GET", None, "403 Forbidden"),
        ("127.0.0.1:6006", "POST", "http://evil.example", "403 Forbidden"),
        ("", "GET", None, "403 Forbidden"),
    ],
)
def test_only_requests_of_this_machine_reach_the_board(
    host: str, method: str, origin: str | None, status: str
) -> None:
    said: list[str] = []
    sent: dict[str, str] = {}

    def inner(request, start):
        start("200 OK", [("Content-Type", "text/html")])
        return [b"board"]

    request = {"HTTP_HOST": host, "REQUEST_METHOD": method} | ({"HTTP_ORIGIN": origin} if origin else {})
    body = guarded(inner)(request, lambda line, headers: said.append(line) or sent.update(headers))
    assert said == [status]
    assert (b"".join(body) == b"board") == (status == "200 OK")
    assert status != "200 OK" or sent == {"Content-Type": "text/html", **HEADERS}


def read(address: str) -> Any:
    with urlopen(address) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_the_board_logs_no_request_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    SummaryWriter(str(tmp_path / "runs/0123456789abcdef/tensorboard")).close()
    with subprocess.Popen(
        [sys.executable, "-m", "train", "board", "--runs", tmp_path / "runs", "--port", "0"],
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
        text=True,
    ) as board:
        assert board.stderr is not None  # because of PIPE
        said = board.stderr.readline()
        address = re.findall(r"http\S+", said)[0]
        with urlopen(address) as answer:
            assert answer.status == 200
        while (runs := read(f"{address}data/runs")) == []:
            time.sleep(0.1)
        assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d ", "", name) for name in runs] == ["(01234567)"]
        assert not psutil.Process(board.pid).children()
        board.kill()
        assert board.stderr.read() == ""
    assert not list((tmp_path / "temporary").iterdir())


class Shown:
    """What TensorBoard is told to show."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.read = 0

    def AddRun(self, path: str, name: str) -> None:  # noqa: N802  # as TensorBoard's
        assert name not in self.runs
        self.runs[name] = path

    def Reload(self) -> None:  # noqa: N802
        self.read += 1


def test_runs_have_titles_and_new_ones_appear(tmp_path: Path) -> None:
    """An old run has its title, too; one without an event is not shown yet."""
    shown = Shown()
    titled = Titled(tmp_path, shown)
    titled.read()
    (tmp_path / "one/tensorboard").mkdir(parents=True)
    (tmp_path / "one/tensorboard/events.out.tfevents.1").touch()
    titled.read()
    assert shown.runs == {}
    (tmp_path / "one/tensorboard/events.out.tfevents.1").write_bytes(b"event")
    titled.read()
    titled.read()
    assert shown.runs == {"(one)": str(tmp_path / "one/tensorboard")}
    assert shown.read == 4


@pytest.mark.filterwarnings("ignore:html5lib:DeprecationWarning")
def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"TensorBoard does not start at port {port}: give another"):
            serve_board(tmp_path, port)


def test_a_folder_of_runs_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no folder .*none: train first"):
        serve_board(tmp_path / "none", 0)
