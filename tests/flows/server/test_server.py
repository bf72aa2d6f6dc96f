"""A Prefect server that does not start says why, in one line."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from fashion_pggan.errors import UserError
from flows.server import server

URL = "http://127.0.0.1:1/api"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (
            b"Traceback\n  sqlite3.DatabaseError: file is not a database\nERROR | startup failed.",
            r"database of .* is damaged \(sqlite3.*a database\): move prefect\.db\* in .* away",
        ),
        (b"address in use\n", r"does not start at .* \(address in use\): install"),
        (b"", r"does not start at .* \(it said nothing\): install"),
    ],
)
def test_what_a_server_said_before_it_ended_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, said: bytes, error: str
) -> None:
    monkeypatch.setattr(server, "answers", lambda url: False)
    ended: Any = SimpleNamespace(poll=lambda: 3)
    with pytest.raises(UserError, match=error):
        server._wait_for(URL, ended, io.BytesIO(said))
