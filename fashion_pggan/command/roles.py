"""What a command does with each path among its arguments; it only reads a path without a role.

report: Annotated[Path | None, Writes("products", "calls")] = None
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from inspect import BoundArguments
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from fashion_pggan.errors import UserError
from fashion_pggan.paths import advice_on_link
from fashion_pggan.storage.building import building_above
from fashion_pggan.storage.files import remove_left_over
from fashion_pggan.storage.outputs import check_output, check_outside


class Writes:
    """A file that a command writes.

    Args:
        names: keys or columns that such a file has; none: it carries a mark (`check_output`).
    """

    def __init__(self, *names: str) -> None:
        self.names = names


@dataclass(frozen=True)
class Fills:
    """A folder into which a command writes files with fixed names; others stay.

    Args:
        files: by name, what `Writes` takes.
    """

    files: Mapping[str, tuple[str, ...]]


class Makes:
    """A folder or file that the command makes and checks itself (`fashion_pggan.storage.targets`)."""


class Keeps:
    """A folder or file of this program that the command adds to."""


ROLES = (Writes, Fills, Makes, Keeps)


@dataclass(frozen=True)
class Given:
    """A path on the command line."""

    path: Path
    role: object  # one of ROLES, as a class or an instance; None: it is read


def check_paths(command: Callable[..., Any], call: BoundArguments) -> None:
    """Make sure that a command overwrites neither what it reads nor files that it did not write.

    Raises:
        UserError: something would be lost.
    """
    defaults = {name: one.default for name, one in call.signature.parameters.items()}
    used = list(given_paths(command, defaults | call.arguments))
    for one in used:
        if wrong := advice_on_link(one.path):
            raise UserError(f"{one.path} {wrong}")
    given = list(given_paths(command, call.arguments))
    for one in given:
        if one.role and str(one.path).startswith("~"):
            raise UserError(f"{one.path}: only a shell knows what ~ is: write the path in full")
        if one.role is Keeps:
            check_outside(one.path, [other.path for other in given if other.role is None])
        if one.role and (above := building_above(one.path)):
            raise UserError(f"{one.path} is in {above}, where an output is built: give another place")
        for path, names in _files_of(one):
            _check_apart(path, [other.path for other in given if other is not one])
            if names is not None:
                check_output(path, names)
    for one in used:
        _clear(one)


def given_paths(command: Callable[..., Any], values: Mapping[str, Any]) -> Iterator[Given]:
    """The paths among a command's arguments, including those in groups of options."""
    for name, hint in get_type_hints(command, include_extras=True).items():
        value = values.get(name)
        if isinstance(value, Path):
            yield Given(value, role_of(hint))
        elif isinstance(value, tuple):
            yield from (Given(each, role_of(hint)) for each in value if isinstance(each, Path))
        elif is_dataclass(value) and not isinstance(value, type):
            inner = {field.name: getattr(value, field.name) for field in fields(value)}
            yield from given_paths(type(value), inner)


def role_of(hint: Any) -> object:
    """The role in an annotation; the last of several, None if there is none."""
    if get_origin(hint) is not Annotated:
        return None
    return next(
        (part for part in reversed(get_args(hint)[1:]) if part in ROLES or isinstance(part, ROLES)), None
    )


def _files_of(given: Given) -> Iterator[tuple[Path, tuple[str, ...] | None]]:
    """The files to write, with the names by which each is known; None: the command checks it."""
    match given.role:
        case Writes(names=names):
            yield given.path, names
        case Fills(files=files):
            yield from ((given.path / name, names) for name, names in files.items())
        case _ if given.role is Makes:
            yield given.path, None


def _clear(given: Given) -> None:
    """Delete what killed commands left beside the files that this one writes."""
    files = [given.path] if given.role is Keeps else [path for path, _ in _files_of(given)]
    for file in files:
        remove_left_over(file.parent, file.name)


def _check_apart(path: Path, others: list[Path]) -> None:
    for other in others:
        if path.resolve() == other.resolve() or (os.path.lexists(path) and _same(path, other)):
            raise UserError(f"{path} would be read and written, or written twice: give different files")


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False
