"""The errors of a command line, each on one line, with what to do."""

import re
from typing import get_args

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
    ValidationError,
)

from fashion_pggan.errors import one_line

KINDS = {"int": "a whole number", "float": "a number"}


def explained(error: CycloptsError, program: str) -> str:
    """The error in words: what is wrong with which argument, then where to look.

    Args:
        error: the library's.
        program: the name of the command line.
    """
    command = " ".join([program, *(error.command_chain or ())])
    return f"{_said(error)} (see {command} --help)"


def _said(error: CycloptsError) -> str:
    match error:
        case ValidationError(argument=argument) if argument is not None:
            return f"{_name(error)} {_value(error)}: {error.exception_message}"
        case MissingArgumentError(keyword=None) if not _given(error):
            return f"{_name(error)} is missing: give it"
        case MissingArgumentError():
            count = error.argument.token_count()[0] if error.argument else 1
            return (
                f"{_name(error)} has {'no value: give one' if count < 2 else f'too few values: give {count}'}"
            )
        case UnknownCommandError(unused_tokens=[first, *_]) if first.startswith("-"):
            return f"{first}: no such option"
        case UnknownCommandError(unused_tokens=[first, *_]):
            return f"{first}: no such command{_near(error)}"
        case UnusedCliTokensError(unused_tokens=[first, *_]):
            return f"{first}: one argument too many: leave it out"
        case UnknownOptionError(token=token):
            return f"{token.keyword or token.value}: no such option{_near(error)}"
        case CoercionError(token=token, target_type=kind) if token is not None and kind is not None:
            return f"{_name(error)} {token.value}: give {_wanted(kind)}"
    return one_line(error)


def _near(error: CycloptsError) -> str:
    """The library's guess at what was meant, as a question."""
    near = re.search(r'Did you mean "?([\w-]+)', str(error))
    return f": did you mean {near[1]}?" if near else ""


def _given(error: CycloptsError) -> bool:
    return bool(error.argument and any(token.keyword for token in error.argument.tokens))


def _name(error: CycloptsError) -> str:
    """An option as it is written, a positional argument in capitals."""
    if error.argument is None:
        return "an argument"
    name = error.argument.name
    return name if name.startswith("-") else name.upper()


def _value(error: ValidationError) -> str:
    assert error.argument is not None
    return " ".join(token.value or "''" for token in error.argument.tokens)


def _wanted(kind: type) -> str:
    choices = [str(choice) for choice in get_args(kind)]
    if choices:
        return " or ".join([", ".join(choices[:-1]), choices[-1]] if choices[1:] else choices)
    name = getattr(kind, "__name__", str(kind))
    return KINDS.get(name, f"a {name}")
