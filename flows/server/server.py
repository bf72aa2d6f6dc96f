"""A Prefect server while this process runs: the configured one if it answers, otherwise one of our own."""

import atexit
import logging
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from prefect.settings import PREFECT_API_URL, PREFECT_HOME, get_current_settings

from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.loopback import free_port
from flows.server.key import LOCAL, key_to_start_with, use, use_key_of
from flows.server.listener import check_listener

OUR_URL = "http://127.0.0.1:4200/api"  # as in pyproject.toml
ANSWER_S = 5.0  # seconds a server may take for an answer
START_S = 300.0  # seconds a server may take to start, on a busy machine without bytecode
STOP_S = 10.0  # seconds
DAMAGED = "sqlite3.DatabaseError"  # in what the server says
NOT_WRITABLE = ("attempt to write a readonly database", "unable to open database file")
DATABASE = "fashion-pggan.db"  # in Prefect's home

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
    else:
        _check_free(url)
    key = key_to_start_with()
    _keep_to_oneself(PREFECT_HOME.value())
    ui = {"PREFECT_SERVER_UI_ENABLED": str(not temporary).lower()}
    _start(url, {**ui, **guarded_by(key, url), **database()})
    check_listener(urlsplit(url).port or 80)  # another user may have been faster than our server
    os.environ["PREFECT_API_URL"] = url
    use(key)
    return url


def guarded_by(key: str, url: str) -> dict[str, str]:
    """Settings of a server that refuses requests without `key`, and all requests from other origins."""
    port = urlsplit(url).port
    own = ",".join(f"http://{name}:{port}" for name in LOCAL)  # the server's page may be open under either
    return {"PREFECT_SERVER_API_AUTH_STRING": key, "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": own}


def database() -> dict[str, str]:
    """The setting of our own database, unless a person has set one.

    `prefect` in a folder without our settings starts a server on `prefect.db`, and would take a request there
    that nobody carries out for days. With a database of our own it says that it knows no such deployment.
    """
    settings = get_current_settings()
    chosen, usual = settings.server.database.connection_url, f"sqlite+aiosqlite:///{settings.home}/prefect.db"
    if chosen is not None and chosen.get_secret_value() != usual:
        return {}
    own = f"sqlite+aiosqlite:///{settings.home}/{DATABASE}"
    return {"PREFECT_SERVER_DATABASE_CONNECTION_URL": own}


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
        stopping = threading.Event()
        atexit.register(_stop, server, stopping)
        _wait_for(url, server, said)
        threading.Thread(target=_end_after, args=[server, stopping, url], daemon=True).start()


def _check_free(url: str) -> None:
    """Raise a UserError when another program listens at the port of `url`."""
    try:
        port = urlsplit(url).port
    except ValueError:  # above 65535, or no number
        port = None
    if not port:
        raise UserError(
            f"PREFECT_API_URL is {url}, without a port from 1 to 65535: give one, such as {OUR_URL}, "
            "or unset it"
        )
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does
        try:
            place.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(
                f"port {port} cannot be used for Prefect's server ({error.strerror}): end the program that "
                "listens there, or set PREFECT_API_URL to another port, such as http://127.0.0.1:4201/api"
            ) from error


def _keep_to_oneself(home: Path) -> None:
    """Take the database from other users, which holds secrets and the key to them."""
    for path in home.glob(f"{DATABASE}*"):
        if path.stat().st_uid == os.getuid():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)


def _wait_for(url: str, server: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
    until = time.monotonic() + START_S
    while not answers(url):
        if server.poll() is not None:
            said.seek(0)
            raise _not_started(url, said.read().decode(errors="replace").strip().splitlines())
        if time.monotonic() > until:
            raise PassingError(
                f"Prefect's server at {url} has started, but does not answer within {START_S:g} s, as "
                "on a machine that is too busy: run the same command later"
            )
        time.sleep(0.2)


def _not_started(url: str, said: Sequence[str]) -> UserError:
    """Why the server does not start, from the lines that it said."""
    if damage := next((line for line in said if DAMAGED in line), ""):
        return UserError(
            f"the database of Prefect's server is damaged ({damage.strip()}): move {DATABASE}* in "
            f"{PREFECT_HOME.value()} away; that loses schedules and the history of flows, and nothing else"
        )
    if refused := next((words for words in NOT_WRITABLE if words in "\n".join(said)), ""):
        return UserError(
            f"Prefect's server cannot write in {PREFECT_HOME.value()} ({refused}): make it writable, or set "
            "PREFECT_HOME to another folder"
        )
    last = said[-1].strip() if said else "it said nothing"
    return UserError(
        f"Prefect's server does not start at {url} ({last}): install the versions of "
        "constraints.txt (make demo), or set PREFECT_API_URL to a server that runs"
    )


def _end_after(server: "subprocess.Popen[bytes]", stopping: threading.Event, url: str) -> None:
    """End this process with one line when its server ends, instead of Prefect's tracebacks without an end."""
    server.wait()
    if not stopping.is_set():
        line = f"error: the Prefect server at {url} has ended, and so does this command: run it again\n"
        os.write(2, line.encode())  # not by logging, which waits for the server
        os._exit(1)  # the runs end with this process


def _stop(server: "subprocess.Popen[bytes]", stopping: threading.Event) -> None:
    stopping.set()
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
