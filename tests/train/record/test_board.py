"""TensorBoard, which a page of another site cannot read."""

from pathlib import Path

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


def test_a_folder_of_runs_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no folder .*none: train first"):
        serve_board(tmp_path / "none", 0)
