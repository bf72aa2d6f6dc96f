"""The key of Prefect's server: made at its first start, kept in Prefect's home, used by our commands."""

import base64
import logging
import os
import re
import secrets
import stat
import tempfile
from pathlib import Path
from shlex import quote
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_HOME

from fashion_pggan.errors import UserError
from flows.server.listener import check_listener

VARIABLE = "PREFECT_API_AUTH_STRING"  # what Prefect's clients send
NAME = "fashion-pggan.key"
SETTINGS = "prefect.toml"  # read by `prefect` in the folder where it is
OURS = "# Written by make serve: the key of its server, for `prefect` in this folder. Keep it to yourself.\n"
LOCAL = ("127.0.0.1", "localhost")
ANSWER_S = 30.0  # seconds a server may take for an answer
OPEN = (
    "the Prefect server at %s asks for no key, so that any page in a browser here can have it run commands: "
    "stop it and start make serve"
)
DIRECTLY = build_opener(ProxyHandler({}))  # no proxy is told the key

log = logging.getLogger(__name__)


def key_file() -> Path:
    """Where the key is kept."""
    home: Path = PREFECT_HOME.value()
    return home / NAME


def key_to_start_with() -> str:
    """The key for a server that is started here: of the environment, else the one kept, made when missing."""
    return os.environ.get(VARIABLE) or _kept() or _made()


def use(key: str) -> None:
    """Have this process and those it starts send `key`; empty: none."""
    os.environ[VARIABLE] = key
    refresh_global_settings_context()


def use_key_of(url: str) -> None:
    """Find the key that the server at `url` takes, the configured or the kept one, and use it.

    A server elsewhere is never sent the key that is kept for ours.

    Raises:
        UserError: it takes neither, or another user's program listens there.
    """
    configured, kept = PREFECT_API_AUTH_STRING.value() or "", _kept()
    if urlsplit(url).hostname not in LOCAL:
        if configured and configured == kept:
            use("")
        return
    check_listener(urlsplit(url).port or 80)
    for key in ("", configured, kept):
        if takes(url, key):
            use(key)
            if not key:
                log.warning(OPEN, url)
            return
    raise UserError(
        f"the Prefect server at {url} takes neither {VARIABLE} nor the key in {key_file()}: "
        f"stop it and start make serve, or set {VARIABLE} to its own"
    )


def takes(url: str, key: str) -> bool:
    """Whether the server at `url` lets requests with `key` in; empty: requests without a key."""
    token = base64.b64encode(key.encode()).decode()
    headers = {"Authorization": f"Basic {token}"} if key else {}
    try:
        with DIRECTLY.open(Request(f"{url}/admin/version", headers=headers), timeout=ANSWER_S):
            return True
    except HTTPError as error:
        return error.code not in (401, 403)


def tell_prefect(folder: Path) -> list[str]:
    """Have `prefect` in `folder` send the kept key; returns the lines that tell a person of the key."""
    file, key = quote(str(key_file())), os.environ.get(VARIABLE, "")
    export = f"export {VARIABLE}=$(cat {file})"
    if not key or key != _kept():
        return []  # a server of a person's own, who knows its key
    page = f"its page asks for a password, which is the key: cat {file}"
    if _write_settings(folder / SETTINGS, key):
        return [page, f"`prefect` has the key in this folder; elsewhere first: {export}"]
    return [page, f"{SETTINGS} is your own and stays as it is; before `prefect` run: {export}"]


def _write_settings(path: Path, key: str) -> bool:
    """Write Prefect's settings file with the key; False when a person's own is there."""
    text = f'{OURS}[api]\nauth_string = "{key}"\n'
    if path.is_symlink() or (path.exists() and not path.read_bytes().startswith(OURS.encode())):
        return False
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}."
    )  # of mode 600, unlike atomic_write
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
    return True


def _kept() -> str:
    """The key that is kept; empty when none is.

    Raises:
        UserError: others can read it, or it is none.
    """
    path = key_file()
    try:
        facts, key = path.stat(), path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    mode = stat.S_IMODE(facts.st_mode)
    if path.parent.stat().st_mode & stat.S_IWOTH:
        raise UserError(f"others may write in {path.parent}, where the key is: run chmod o-w {path.parent}")
    if mode & 0o077 or facts.st_uid != os.getuid():
        raise UserError(f"{path} is not yours alone (mode {mode:o}): delete it, make serve makes a new one")
    if not re.fullmatch(r"[\w.-]+:[\w.-]+", key, re.ASCII):
        raise UserError(f"{path} holds no key such as name:letters: delete it, make serve makes a new one")
    return key


def _made() -> str:
    """A new key, kept for this user alone; the other's when another process was faster."""
    path, key = key_file(), f"fashion-pggan:{secrets.token_urlsafe(32)}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{NAME}.")  # of mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{key}\n")
        path.hardlink_to(name)  # whole or not there
    except FileExistsError:
        if kept := _kept():
            return kept
        raise UserError(f"{path} is a link to nothing: delete it, make serve makes a new one") from None
    finally:
        Path(name).unlink()
    return key
