"""TensorBoard, which a page of another site cannot read."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.loopback import HEADERS
from train.record.board import guarded, serve_board


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


@pytest.mark.slow
def test_the_board_logs_no_request_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "train", "board", "--runs", tmp_path, "--port", "0"],
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
        text=True,
    ) as board:
        assert board.stderr is not None  # because of PIPE
        said = board.stderr.readline()
        with urlopen(re.findall(r"http\S+", said)[0]) as answer:
            assert answer.status == 200
        assert not psutil.Process(board.pid).children()
        board.kill()
        assert board.stderr.read() == ""
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.filterwarnings("ignore:html5lib:DeprecationWarning")
def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"TensorBoard does not start at port {port}: give another"):
            serve_board(tmp_path, port)


def test_a_folder_of_runs_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no folder .*none: train first"):
        serve_board(tmp_path / "none", 0)
