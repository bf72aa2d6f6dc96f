"""Another user of this machine who is faster than our server gets no key, and reads no database."""

import os

import pytest

from fashion_pggan.errors import UserError
from flows.server import server


def test_no_key_is_used_where_another_user_listens_once_our_server_is_started(monkeypatch):
    used = []
    monkeypatch.setattr(server, "answers", lambda url: False)
    monkeypatch.setattr(server, "key_to_start_with", lambda: "name:secret")
    monkeypatch.setattr(server, "_keep_to_oneself", lambda home: None)
    monkeypatch.setattr(server, "_start", lambda url, settings: None)
    monkeypatch.setattr(server, "use", used.append)

    def refuse(port):
        raise UserError(f"another user listens at port {port}: set PREFECT_API_URL to another port")

    monkeypatch.setattr(server, "check_listener", refuse)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(UserError, match="another user listens at port"):
        server.ensure_server(temporary=True)
    assert used == []
    assert "PREFECT_API_URL" not in os.environ


def test_the_database_is_taken_from_other_users(tmp_path):
    for name in ("fashion-pggan.db", "fashion-pggan.db-wal", "other.db"):
        (tmp_path / name).write_bytes(b"")
        (tmp_path / name).chmod(0o644)
    server._keep_to_oneself(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"fashion-pggan.db": 0o600, "fashion-pggan.db-wal": 0o600, "other.db": 0o644}
