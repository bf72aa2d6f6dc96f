"""Untrusted JSON, with a limit on how deep it nests."""

import json
from typing import Any, NoReturn

LONGEST_INTEGER = 4300  # digits: beyond, Python reads none
DEEPEST = 64  # levels: no file of this program has more than 8
MOST_OBJECTS, LONGEST_OBJECT = 2_000, 20_000  # looked at in a damaged text; characters of one


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


def objects_in(text: str, name: str) -> list[dict[str, Any]]:
    """The whole objects in a damaged JSON text that have a field of this name, none inside another.

    Args:
        text: what is left of JSON; control characters may stand in its strings.
        name: of a field.
    """
    found: list[dict[str, Any]] = []
    start, tries = text.find("{"), 0
    while start >= 0 and tries < MOST_OBJECTS:
        value, size = _object_at(text[start : start + LONGEST_OBJECT])
        is_whole = name in value
        found += [value] if is_whole else []
        start, tries = text.find("{", start + (size if is_whole else 1)), tries + 1
    return found


def _object_at(text: str) -> tuple[dict[str, Any], int]:
    """The object with which a text begins, and its length; an empty one where it is damaged, or too deep."""
    try:
        value, size = LENIENT.raw_decode(text)
        _check_depth(value)
    except (ValueError, RecursionError):
        return {}, 1
    return value, size


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


LENIENT = json.JSONDecoder(parse_int=_number, strict=False)
