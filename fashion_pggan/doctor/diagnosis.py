"""All findings: those of this package, with what only the stages know."""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from fashion_pggan.doctor.finding import Finding, State
from fashion_pggan.doctor.machine import of_machine
from fashion_pggan.doctor.repository import of_repository
from fashion_pggan.doctor.surroundings import of_what_stands_beside
from fashion_pggan.errors import UserError
from fashion_pggan.params import Params, load_params
from fashion_pggan.storage.escaped import printable_lines

# what stages know, by where it is: imported here, so that what stages share needs no stage
KEYS_OF = "crawler.providers.provider:key_names"
RUN_BYTES = "train.limits.disk:bytes_of_run"
SERVER_URL = "flows.server.server:configured_url"
SERVER_ANSWERS = "flows.server.server:answers"
WIDTH = 11  # characters of the longest name


def diagnose(folder: Path, *, as_json: bool) -> None:
    """Look at everything and print a line each; the process ends with 1 where something is wrong."""
    params = _params(folder / "params.yaml")
    found = []
    for finding in _findings(folder, params):
        found.append(finding)
        if not as_json:
            print(printable_lines(finding.text(WIDTH).splitlines()), flush=True)
    if as_json:
        print(json.dumps([finding.plain() for finding in found], indent=1))
    if any(finding.state is State.WRONG for finding in found):
        sys.exit(1)


def _findings(folder: Path, params: Params | UserError) -> Iterator[Finding]:
    yield from of_machine(None if isinstance(params, UserError) else params)
    yield from of_repository(folder, params, _known(KEYS_OF), _known(RUN_BYTES))
    yield from of_what_stands_beside(folder, _known(SERVER_URL)(), _known(SERVER_ANSWERS))


def _params(path: Path) -> Params | UserError:
    try:
        return load_params(path)
    except UserError as error:
        return error


def _known(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
