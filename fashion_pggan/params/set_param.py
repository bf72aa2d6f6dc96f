"""Parameters as what `dvc exp run --set-param` takes: overrides in the grammar of Hydra.

Source: Hydra 1.3, "Basic Override Grammar".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.params.preset import changes_of, preset_text, with_settings
from fashion_pggan.params.reading import parse_params
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in

KEY = re.compile(r"[/\-+.$%*@?|A-Za-z0-9_]+")  # of a mapping, never quoted
BEFORE_QUOTE = re.compile(r"(\\*)('|$)")


def overrides(params: Path, presets: Path, preset: str = "", settings: Sequence[str] = ()) -> list[str]:
    """What to override in a params file so that it holds a preset with some settings.

    Args:
        params: the file; it stays as it is.
        presets: the folder of presets.
        preset: the name of one; empty: the file itself is the base.
        settings: `section.key=value`, the value in YAML, as `fashion-pggan use` takes them.

    Returns:
        Overrides for `dvc exp run --set-param`; none where the file holds all this already.

    Raises:
        UserError: no such preset, or it and the settings make no valid parameters.
    """
    now = read_text(params)
    base = preset_text(presets, preset) if preset else now
    wanted = with_settings(base, changes_of(settings))
    parse_params(
        wanted, f"{preset or params} with {', '.join(settings)}" if settings else preset or str(params)
    )
    former = values_in(now, str(params))
    return [
        word
        for section, keys in values_in(wanted, preset).items()
        for key, value in keys.items()
        if key not in former.get(section, {}) or former[section][key] != value
        for word in _words(f"{section}.{key}", value)
    ]


def _words(name: str, value: Any) -> Iterator[str]:
    """A mapping is removed first: a value that is set would be merged into it."""
    if isinstance(value, dict):
        yield f"~{name}"
        yield f"+{name}={_text(value, name)}"
    else:
        yield f"{name}={_text(value, name)}"


def _text(value: Any, name: str) -> str:
    """A value in Hydra's grammar."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case None:
            return "null"
        case str():
            return _quoted(value, name)
        case Mapping():
            return f"{{{','.join(f'{_key(key, name)}:{_text(each, name)}' for key, each in value.items())}}}"
        case _:
            return f"[{','.join(_text(each, name) for each in value)}]"


def _quoted(value: str, name: str) -> str:
    """Backslashes count as such except before a quotation mark, where each is doubled."""
    if "${" in value:
        raise UserError(f"{name} holds '${{', which dvc exp run --set-param resolves: set it in params.yaml")
    escaped = BEFORE_QUOTE.sub(lambda found: 2 * found[1] + ("\\'" if found[2] else ""), value)
    return f"'{escaped}'"


def _key(key: Any, name: str) -> str:
    if not KEY.fullmatch(str(key)):
        raise UserError(
            f"{name} has the key {key!r}, which dvc exp run --set-param cannot take: set it in params.yaml"
        )
    return str(key)
