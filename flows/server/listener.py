"""Who listens at a port of this machine: another user's program there would get our key."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fashion_pggan.errors import UserError

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")  # only Linux says who owns a socket
LISTENING = "0A"
ROOT = 0  # root may do anything, and forwards ports of containers


def check_listener(port: int) -> None:
    """Raise a UserError when a user other than this one and root listens at `port`."""
    for user in _listeners(port):
        if user not in (os.getuid(), ROOT):
            raise UserError(
                f"another user (number {user}) listens at port {port} and could be sent your key: "
                "set PREFECT_API_URL to another port, such as http://127.0.0.1:4201/api"
            )


def _listeners(port: int) -> Iterator[int]:
    """The numbers of the users who listen at a port."""
    for table in TABLES:
        with suppress(FileNotFoundError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield int(fields[7])
