"""What a check finds: files, each with what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

Faults = Iterator[tuple[Path, str]]  # each file, with what is wrong with it; empty if nothing is

MISSING = "it is missing"


class Unknown(str):
    """Why a file could not be checked: it may be intact or damaged."""

    __slots__ = ()
