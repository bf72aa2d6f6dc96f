"""A section of params.yaml with the values that a command line gives in their place."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from fashion_pggan.errors import ArgumentError
from fashion_pggan.params.section import Section
from fashion_pggan.params.wording import advice_on

S = TypeVar("S", bound=Section)


def with_given(section: S, settings: Mapping[str, object]) -> S:
    """The section with those values of `settings` that are not None.

    Raises:
        ArgumentError: a value is not valid; the text names its option.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    try:
        return type(section).model_validate(section.model_dump() | given)
    except ValidationError as error:
        wrong = error.errors()[0]
        names = [str(part) for part in wrong["loc"] if part != "[key]"]
        if not names:  # values that do not fit together
            raise ArgumentError(advice_on(wrong)) from error
        flag = names[0].replace("_", "-")
        raise ArgumentError(f"--{flag} {_told(given.get(names[0]))}: {advice_on(wrong)}") from error


def _told(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} {part}" for name, part in value.items())
        case list():
            return " ".join(map(str, value))
    return str(value)
