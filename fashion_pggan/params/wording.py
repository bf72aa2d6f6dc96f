"""Pydantic's errors in this program's words: which value is wrong, and what to give."""

import json
from typing import Any

from pydantic_core import ErrorDetails

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "dict": "keys with values",
    "model": "keys with values",
    "mapping": "keys with values",
    "bytes": "text",
}
ADVICE = {  # by the kind of error; filled with its context
    "finite_number": "give a finite number",
    "greater_than": "give more than {gt}",
    "greater_than_equal": "give {ge} or more",
    "less_than": "give less than {lt}",
    "less_than_equal": "give {le} or less",
    "literal_error": "give {expected}",
    "string_pattern_mismatch": "give text of the form {pattern}",
    "string_too_long": "give {max_length} characters at most",
    "string_too_short": "give {min_length} characters or more",
    "too_long": "give {max_length} at most",
    "too_short": "give {min_length} or more",
}


def advice_on(detail: ErrorDetails) -> str:
    """What to give in place of a wrong value."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ADVICE:
        short = {name: f"{part:g}" if isinstance(part, float) else part for name, part in context.items()}
        return ADVICE[kind].format(**short).replace("'", "")
    family = kind.partition("_")[0]
    if family in KINDS and kind.endswith(("_type", "_parsing", "_from_float", "_parsing_size")):
        return f"give {KINDS[family]}"
    message = detail["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:] if kind != "value_error" else message


def value_in(detail: ErrorDetails) -> str:
    """The wrong value as YAML and JSON write it; empty for a whole section."""
    value: Any = detail["input"]
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return ""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:80]
    except (TypeError, ValueError):  # keys that are no text; a number of thousands of digits
        return f"a {type(value).__name__}"
