"""Whether the networks that see people can be used here, and which they are."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

from curate.weights.weight_files import AGAIN, SOURCE, are_there, cache_folder
from fashion_pggan.errors import install_hint

RUNTIME, MODULE = "ai-edge-litert", "ai_edge_litert"


def installed() -> str:
    """The networks and what runs them, with versions; scores depend on both."""
    try:
        return f"{SOURCE}, {RUNTIME} {version(RUNTIME)}"
    except PackageNotFoundError:
        return f"{SOURCE}, no {RUNTIME}"


class Lacking(NamedTuple):
    """What is not there, and the commands that get it."""

    what: str
    how: str


def lacking() -> Lacking | None:
    """What has to be installed or fetched before the networks can be used."""
    if find_spec(MODULE) is None:
        return Lacking(f"{RUNTIME} is not installed", f"{install_hint('people')}, then {AGAIN}")
    return None if are_there() else Lacking(f"there is nothing in {cache_folder()}", AGAIN)
