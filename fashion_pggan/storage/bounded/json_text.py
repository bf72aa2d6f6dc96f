"""Untrusted JSON, with a limit on how deep it nests."""

import json
from typing import Any, NoReturn

LONGEST_INTEGER = 4300  # digits: beyond, Python reads none
DEEPEST = 64  # levels: no file of this program has more than 8


def json_in(text: str | bytes, *, finite: bool = True, strict: bool = True) -> Any:
    """The value of a JSON text.

    Args:
        text: JSON; bytes are UTF-8, UTF-16 or UTF-32.
        finite: whether to refuse NaN and Infinity, which are not JSON, and integers that are too long; they
            are infinite otherwise.
        strict: whether to refuse control characters in a string, which JSON wants escaped.

    Raises:
        ValueError: the text is not JSON, or nests too deep; or as `finite` says.
    """
    try:
        constant, integer = (_no_number, None) if finite else (None, _number)
        value = json.loads(text, parse_constant=constant, parse_int=integer, strict=strict)
    except RecursionError:
        raise _too_deep() from None
    openings = text.count("[") + text.count("{") if isinstance(text, str) else len(text)
    if openings > DEEPEST:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        containers = [part for part in level if isinstance(part, list | dict)]
        if not containers:
            return
        level = [
            inner for part in containers for inner in (part.values() if isinstance(part, dict) else part)
        ]
    raise _too_deep()


def _too_deep() -> ValueError:
    return ValueError(f"nested deeper than {DEEPEST} levels")


def _number(text: str) -> float:
    """An integer, or infinity where its digits are too many."""
    return int(text) if len(text) <= LONGEST_INTEGER else float(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
