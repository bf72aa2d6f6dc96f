"""A Prefect server while this process runs: the configured one if it answers, otherwise one of our own."""

import atexit
import logging
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from prefect.settings import PREFECT_API_URL, PREFECT_HOME

from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import UserError
from fashion_pggan.loopback import free_port
from flows.server.key import LOCAL, key_to_start_with, use, use_key_of
from flows.server.listener import check_listener

OUR_URL = "http://127.0.0.1:4200/api"  # as in pyproject.toml
ANSWER_S = 5.0  # seconds a server may take for an answer
START_S = 120.0  # seconds a server may take to start, on a busy machine without bytecode
STOP_S = 10.0  # seconds
DAMAGED = "sqlite3.DatabaseError"  # in what the server says

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs every request to the server


def ensure_server(*, temporary: bool) -> str:
    """Make sure that Prefect's API answers us until this process ends, and return its address.

    Args:
        temporary: a server started here takes any free port and has no pages; otherwise the configured
        address.

    Raises:
        UserError: nothing answers at an address that a person has set, the server there refuses our keys, no
            server can be started, or another user listens at its port.
    """
    url = configured_url()
    if answers(url):
        use_key_of(url)
        return url
    if (temporary and url != OUR_URL) or urlsplit(url).hostname not in LOCAL:
        raise UserError(
            f"no Prefect server answers at {url}: start it (prefect server start), or unset PREFECT_API_URL"
        )
    if temporary:
        url = f"http://127.0.0.1:{free_port()}/api"
    key = key_to_start_with()
    _keep_to_oneself(PREFECT_HOME.value())
    _start(url, {"PREFECT_SERVER_UI_ENABLED": str(not temporary).lower(), **guarded_by(key, url)})
    check_listener(urlsplit(url).port or 80)  # another user may have been faster than our server
    os.environ["PREFECT_API_URL"] = url
    use(key)
    return url


def guarded_by(key: str, url: str) -> dict[str, str]:
    """Settings of a server that refuses requests without `key`, and all requests from other origins."""
    port = urlsplit(url).port
    own = ",".join(f"http://{name}:{port}" for name in LOCAL)  # the server's page may be open under either
    return {"PREFECT_SERVER_API_AUTH_STRING": key, "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": own}


def configured_url() -> str:
    """Where Prefect's API is, by its settings or ours."""
    return str(PREFECT_API_URL.value() or OUR_URL)


def answers(url: str) -> bool:
    """Whether a Prefect server answers at `url`."""
    try:
        with urlopen(f"{url}/health", timeout=ANSWER_S) as answer:
            return bool(answer.read().strip() == b"true")
    except (URLError, OSError, ValueError):
        return False


def _start(url: str, settings: Mapping[str, str]) -> None:
    """Start a server that Ctrl-C does not reach and that ends with this process, even when it is killed."""
    port = str(urlsplit(url).port)
    own = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_API_URL": url}
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(
            [
                *[sys.executable, "-m", "flows.leash"],
                *["uvicorn", "flows.server.application:application", "--factory", "--lifespan", "on"],
                *["--host", "127.0.0.1", "--port", port, "--log-level", "error"],
            ],
            env={**owned(), **settings, **own},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            process_group=0,
            umask=0o077,
        )
        # Registered before Prefect's own handler, so that the server still gets the last logs.
        atexit.register(_stop, server)
        _wait_for(url, server, said)


def _keep_to_oneself(home: Path) -> None:
    """Take the database from other users, which holds secrets and the key to them."""
    for path in home.glob("prefect.db*"):
        if path.stat().st_uid == os.getuid():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)


def _wait_for(url: str, server: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
    until = time.monotonic() + START_S
    while not answers(url):
        if server.poll() is not None or time.monotonic() > until:
            said.seek(0)
            raise _not_started(url, said.read().decode(errors="replace").strip().splitlines())
        time.sleep(0.2)


def _not_started(url: str, said: Sequence[str]) -> UserError:
    """Why the server does not start, from the lines that it said."""
    if damage := next((line for line in said if DAMAGED in line), ""):
        return UserError(
            f"the database of Prefect's server is damaged ({damage.strip()}): move prefect.db* in "
            f"{PREFECT_HOME.value()} away; that loses the history of flows, and nothing else"
        )
    last = said[-1].strip() if said else "it said nothing"
    return UserError(
        f"Prefect's server does not start at {url} ({last}): install the versions of "
        "constraints.txt (make demo), or set PREFECT_API_URL to a server that runs"
    )


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
