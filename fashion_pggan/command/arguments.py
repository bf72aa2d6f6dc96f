"""Checks for the arguments of all commands: not empty, no URL in place of a path, no fraction of a number."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from cyclopts import UNSET, App, ArgumentCollection, ValidationError

from fashion_pggan.paths import advice_on_path

WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")


def check_arguments(app: App, commands: Iterable[str], arguments: ArgumentCollection) -> None:
    """Check each argument as it was written, before it becomes a value: a `config` of Cyclopts.

    Raises:
        ValidationError: an argument is wrong; the text says what to give.
    """
    for argument in arguments:
        kinds = set(_kinds(argument.hint))
        for token in argument.tokens:
            wrong = _wrong(token.value, kinds)
            if wrong and token.implicit_value is UNSET:  # a flag's value is not written
                raise ValidationError(exception_message=wrong, argument=argument)


def _wrong(value: str, kinds: set[Any]) -> str:
    if not value:
        return "give a path; the current folder is ." if Path in kinds else "give a value"
    if Path in kinds:
        return advice_on_path(value)
    if int in kinds and float not in kinds and not WHOLE_NUMBER.fullmatch(value):
        return "give a whole number"
    return ""


def _kinds(hint: Any) -> Iterator[Any]:
    """A type, and all types inside it."""
    yield hint
    for part in get_args(hint):
        yield from _kinds(part)
