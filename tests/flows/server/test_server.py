"""A Prefect server that does not start says why, in one line."""

import io
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.context import refresh_global_settings_context

from fashion_pggan.errors import PassingError, UserError
from flows.server import server

URL = "http://127.0.0.1:1/api"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (
            b"Traceback\n  sqlite3.DatabaseError: file is not a database\nERROR | startup failed.",
            r"database of .* is damaged \(sqlite3.*a database\): move fashion-pggan\.db\* in .* away",
        ),
        (
            b"sqlite3.OperationalError: attempt to write a readonly database\nERROR | startup failed.",
            r"cannot write in .* \(attempt to write a readonly database\): make it",
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


def test_a_server_that_is_only_slow_may_answer_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "answers", lambda url: False)
    monkeypatch.setattr(server, "START_S", -1.0)
    slow: Any = SimpleNamespace(poll=lambda: None)
    with pytest.raises(PassingError, match=rf"server at {URL} has started, but does not answer within -1 s"):
        server._wait_for(URL, slow, io.BytesIO(b"warning"))


def test_a_port_that_another_program_uses_is_named_before_a_server_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
        monkeypatch.setattr(server, "configured_url", lambda: f"http://127.0.0.1:{port}/api")
        monkeypatch.setattr(server, "answers", lambda url: False)
        with pytest.raises(
            UserError, match=rf"^port {port} cannot be used .*in use\): end the program that listens there"
        ):
            server.ensure_server(temporary=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:99999/api", "http://127.0.0.1:0/api", "http://localhost/api"]
)
def test_an_address_without_a_port_that_can_be_is_named(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(server, "configured_url", lambda: address)
    monkeypatch.setattr(server, "answers", lambda url: False)
    with pytest.raises(
        UserError, match=rf"^PREFECT_API_URL is {address}, without a port from 1 to 65535: give"
    ):
        server.ensure_server(temporary=False)


def database_with(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    """The database of a server that is started with one more setting."""
    monkeypatch.setenv(name, value)
    refresh_global_settings_context()
    found = server.database()
    monkeypatch.undo()
    refresh_global_settings_context()
    return found.get("PREFECT_SERVER_DATABASE_CONNECTION_URL", "the person's")


def test_our_server_has_a_database_of_its_own_that_no_other_prefect_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = f"sqlite+aiosqlite:///{tmp_path}/fashion-pggan.db"
    assert database_with(monkeypatch, "PREFECT_HOME", str(tmp_path)) == own
    chosen = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
    assert database_with(monkeypatch, chosen, f"sqlite+aiosqlite:///{tmp_path}/a.db") == "the person's"
