"""The newest report on loopback, beside Prefect's server."""

import logging
import os
import socket
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fashion_pggan.loopback import free_port
from flows.server import report
from flows.server.report import VARIABLE, serve_report


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "of another process")


def _ask(address: str, path: str = "/report.html", **headers: str) -> tuple[int, bytes, str]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read(), answer.headers["Content-Security-Policy"]
    connection.close()
    return found


def test_the_newest_report_is_served_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    (tmp_path / "secret.txt").write_text("secret")
    address = serve_report(f"http://127.0.0.1:{free_port() - 1}/api", page)
    assert os.environ[VARIABLE] == address
    assert _ask(address)[:2] == (404, b"no report yet: run the evaluate stage")
    for text in ("first", "second"):
        page.write_text(text)
        assert _ask(address) == (200, text.encode(), "frame-ancestors 'none'")
    for path in ("/secret.txt", "/../secret.txt", "/report.html/../secret.txt"):
        assert _ask(address, path)[0] == 404


def test_a_page_of_another_name_reads_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("figures")
    address = serve_report(f"http://127.0.0.1:{free_port() - 1}/api", page)
    status, body, _ = _ask(address, Host="evil.example")
    assert (status, b"figures" in body) == (403, False)


def test_what_is_no_plain_file_is_an_answer_too(tmp_path: Path) -> None:
    address = serve_report(f"http://127.0.0.1:{free_port() - 1}/api", tmp_path)
    assert _ask(address)[0] == 500


def test_a_port_in_use_is_one_line_and_no_link(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.WARNING):
        assert not serve_report(f"http://127.0.0.1:{taken.getsockname()[1] - 1}/api")
    assert VARIABLE not in os.environ
    (line,) = [record.getMessage() for record in caplog.records if record.name == report.__name__]
    assert line.endswith(": open reports/report.html")
