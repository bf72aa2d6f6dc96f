"""What stands beside: installed packages and extras, a browser, Prefect's server."""

import re
import socket
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

from fashion_pggan.doctor.finding import Finding, note, ok, wrong
from fashion_pggan.errors import install_hint
from fashion_pggan.provenance import NAME

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEVELOPERS = "dev"  # an extra that users do not need
CONNECT_S = 1.0  # seconds
PIN = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)
WANTED = re.compile(r"^([\w.-]+).*extra\s*==\s*[\"']([\w-]+)[\"']")


def of_what_stands_beside(folder: Path, url: str, answers: Callable[[str], bool]) -> Iterator[Finding]:
    """All findings about what is beside the repository.

    Args:
        folder: usually the repository.
        url: of Prefect's API, as configured.
        answers: whether a Prefect server answers there.
    """
    yield _pins(folder / "constraints.txt")
    yield _extras()
    yield _browser()
    yield _server(url, answers)


def _pins(path: Path) -> Finding:
    if not path.is_file():
        return ok("packages", "no constraints.txt here to compare with")
    pinned = PIN.findall(path.read_text(encoding="utf-8"))
    other = [f"{name} {here}" for name, wanted in pinned if (here := _installed(name)) and here != wanted]
    if other:
        named = ", ".join(other[:5]) + (", …" if len(other) > 5 else "")
        return note("packages", f"{len(other)} are not as constraints.txt has them: {named}",
                    "run make environment, or take them as they are")  # fmt: skip
    return ok("packages", "as constraints.txt has them")


def _installed(name: str) -> str:
    """A package's version without its local part, as in 2.13.0+cpu; empty where it is not installed."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


def _extras() -> Finding:
    try:
        wanted = distribution(NAME).requires or []
    except PackageNotFoundError:
        return ok("extras", "none: not installed as a package")
    of_extra: dict[str, list[str]] = {}
    for line in wanted:
        if found := WANTED.match(line):
            of_extra.setdefault(found[2], []).append(found[1])
    of_extra.pop(DEVELOPERS, None)
    there = [name for name, needs in of_extra.items() if all(map(_installed, needs))]
    missing = sorted(of_extra.keys() - set(there))
    said = ", ".join(sorted(there)) or "none"
    if not missing:
        return ok("extras", said)
    advice = f"what each adds is said in pyproject.toml: {install_hint(missing[0])}"
    return note("extras", f"{said}; without {', '.join(missing)}", advice)


def _browser() -> Finding:
    found = next(filter(None, map(which, BROWSERS)), None)
    if found:
        return ok("browser", f"{found}, for the tests of pages")
    return note("browser", "no Chromium", "only tests of pages need it: install chromium to run them")


def _server(url: str, answers: Callable[[str], bool]) -> Finding:
    if answers(url):
        return ok("Prefect", f"a server answers at {url}")
    if _taken(url):
        return wrong("Prefect", f"something else listens at {url}",
                     "stop it, or set PREFECT_API_URL to another port")  # fmt: skip
    return ok("Prefect", f"no server at {url}; make serve starts one there")


def _taken(url: str) -> bool:
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname or "127.0.0.1", place.port or 80), CONNECT_S).close()
    except OSError:
        return False
    return True
