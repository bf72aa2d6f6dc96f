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
DIRECTLY = build_opener(ProxyHandler({}))  # no proxy gets the key

log = logging.getLogger(__name__)


def key_file() -> Path:
    """Where the key is kept."""
    home: Path = PREFECT_HOME.value()
    return home / NAME


def key_to_start_with() -> str:
    """The key for a server started here: the environment's, otherwise the kept one; made when missing."""
    return os.environ.get(VARIABLE) or _kept() or _made()


def use(key: str) -> None:
    """Make this process and those it starts send `key`; empty: no key."""
    os.environ[VARIABLE] = key
    refresh_global_settings_context()


def use_key_of(url: str) -> None:
    """Find the key that the server at `url` takes, the configured or the kept one, and use it.

    The key kept for our server is never sent to another server.

    Raises:
        UserError: it accepts neither, or another user's program listens there.
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
    """Whether the server at `url` accepts requests with `key`; empty: requests without a key."""
    token = base64.b64encode(key.encode()).decode()
    headers = {"Authorization": f"Basic {token}"} if key else {}
    try:
        with DIRECTLY.open(Request(f"{url}/admin/version", headers=headers), timeout=ANSWER_S):
            return True
    except HTTPError as error:
        return error.code not in (401, 403)


def tell_prefect(folder: Path) -> list[str]:
    """Make `prefect` in `folder` send the kept key; returns lines about the key for a person."""
    file, key = quote(str(key_file())), os.environ.get(VARIABLE, "")
    export = f"export {VARIABLE}=$(cat {file})"
    if not key or key != _kept():
        return []  # a server that the user started, who knows its key
    page = f"its page asks for a password, which is the key: cat {file}"
    if _write_settings(folder / SETTINGS, key):
        return [page, f"`prefect` has the key in this folder; elsewhere first: {export}"]
    return [page, f"{SETTINGS} is your own and stays as it is; before `prefect` run: {export}"]


def _write_settings(path: Path, key: str) -> bool:
    """Write Prefect's settings file with the key; False when the user has written one."""
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
    """The kept key; empty when there is none.

    Raises:
        UserError: others can read it, or it is not a key.
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
    """A new key, kept for this user alone; another process's key when that was faster."""
    path, key = key_file(), f"fashion-pggan:{secrets.token_urlsafe(32)}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{NAME}.")  # of mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{key}\n")
        path.hardlink_to(name)  # whole or absent
    except FileExistsError:
        if kept := _kept():
            return kept
        raise UserError(f"{path} is a link to nothing: delete it, make serve makes a new one") from None
    finally:
        Path(name).unlink()
    return key
