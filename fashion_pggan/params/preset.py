"""Presets: copy one to params.yaml, or use the shipped one when there is no params.yaml.

A preset is a complete params.yaml, or the differences from another preset, which it names as `base`.
"""

import io
import logging
import os
import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fashion_pggan.errors import ArgumentError, UserError, one_line
from fashion_pggan.params.reading import Params, load_params, parse_params
from fashion_pggan.paths import PROGRAM, outliving
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in
from fashion_pggan.storage.files import write_bytes, write_text

PARAMS = Path("params.yaml")
SHIPPED = PROGRAM / "presets"
DEFAULT = "paper"
NEXT = re.compile(r"\s+(?=[a-z_]+\.[a-z0-9_]+=)")  # between two settings; a value may hold blanks

log = logging.getLogger(__name__)


def use(name: str, settings: Sequence[str], *, presets: Path, params: Path) -> str:
    """Make `params` the preset `name` with `settings` in place; what was there is kept beside it.

    Args:
        name: of a file in `presets`, without its ending.
        settings: `section.key=value`, the value in YAML; one text may hold several, with blanks between.
        presets: the folder of presets.
        params: the file to replace, in one step.

    Returns:
        One line: what was done and what to do next.

    Raises:
        UserError: no such preset, or it and the settings make no valid parameters; nothing is changed.
    """
    changes = changes_of(settings)
    text = with_settings(preset_text(presets, name), changes)
    source = " with ".join([f"preset {name}", *([", ".join(settings)] if settings else [])])
    checked = parse_params(text, source)
    kept = ""
    if params.is_file() and params.read_bytes() != text.encode():
        kept = f" (what it was is in {_kept_beside(params)})"
    write_text(params.resolve(), text)  # where it is a link, the link stays
    return f"{params} is now {source}{kept}; next: {_next_step(checked)}"


def _kept_beside(params: Path) -> str:
    """Keep a file beside itself under a name that is free, such as params.before-2.yaml; returns the name."""
    text = params.read_bytes()
    for number in count(1):
        kept = params.with_name(f"{params.stem}.before{f'-{number}' if number > 1 else ''}{params.suffix}")
        if not os.path.lexists(kept):
            write_bytes(kept, text)
        if kept.is_file() and kept.read_bytes() == text:
            break
    return kept.name


def with_settings(text: str, settings: Mapping[tuple[str, str], Any]) -> str:
    """The params in `text` with each (section, key) set to its value; comments and order stay."""
    if not settings:
        return text
    round_trip = YAML()
    round_trip.preserve_quotes = True
    round_trip.indent(mapping=2, sequence=4, offset=2)
    round_trip.width = 2**16  # long lines stay as they are
    values = _sections_in(text, "the preset", round_trip)
    for (section, key), value in settings.items():
        values.setdefault(section, {})[key] = value
    out = io.StringIO()
    round_trip.dump(values, out)
    return out.getvalue()


def preset_text(presets: Path, name: str) -> str:
    """A preset as a whole params.yaml.

    Raises:
        UserError: there is none of this name, or it does not name a base and settings.
    """
    text = _read(presets, name)
    values = _sections_in(text, f"{presets / name}.yaml", YAML())
    if "base" not in values:
        return text
    base = values.pop("base")
    if base == name:
        raise UserError(f"{presets / name}.yaml builds on itself: give base another preset's name")
    settings = {(section, key): value for section, keys in values.items() for key, value in keys.items()}
    return with_settings(_read(presets, base), settings)


def params_or_shipped(path: Path | None, section: str) -> Params:
    """The parameters in a file or in ./params.yaml; when both are missing, those of the preset `paper`.

    Args:
        path: the file; None: none was given.
        section: the section that is used, for the log.

    Raises:
        UserError: the given file is missing, or is not a params file.
    """
    if path or PARAMS.is_file():
        return load_params(path or PARAMS)
    log.info("no params.yaml here: taking section %s from the preset %s (see --params)", section, DEFAULT)
    return parse_params(preset_text(SHIPPED, DEFAULT), f"preset {DEFAULT}")


def cache_of(name: str) -> Path:
    """A folder for what is kept between runs: in runs/ beside params.yaml, otherwise in the user's cache."""
    if PARAMS.is_file():
        return outliving(Path("runs") / name)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "fashion-pggan" / name


def _read(presets: Path, name: str) -> str:
    known = sorted(path.stem for path in presets.glob("*.yaml"))
    if name not in known:
        raise UserError(f"no preset {name} in {presets}: give one of {', '.join(known) or 'none'}")
    return read_text(presets / f"{name}.yaml")


def _sections_in(text: str, name: str, yaml: YAML) -> Any:
    """The sections of a preset, and its base, as a mapping with comments.

    Raises:
        UserError: it is not a mapping of sections.
    """
    values_in(text, name)  # raises our own errors, and has limits
    try:
        values = yaml.load(text)
    except Exception as error:  # another reader, which refuses other things
        raise UserError(f"{name} is not YAML ({one_line(error)}): correct it") from error
    sections = values if isinstance(values, dict) else {"": None}
    if not all(key == "base" or isinstance(section, dict) for key, section in sections.items()):
        raise UserError(f"{name} is not a preset: give sections with settings, as params.yaml has them")
    return values


def changes_of(settings: Sequence[str]) -> dict[tuple[str, str], Any]:
    """The value of each (section, key) that settings name; see `use`."""
    return dict(_parsed(setting) for text in settings for setting in NEXT.split(text.strip()))


def _parsed(setting: str) -> tuple[tuple[str, str], Any]:
    name, equals, value = setting.partition("=")
    section, dot, key = name.partition(".")
    if not (equals and dot and section and key):
        raise ArgumentError(f"--set {setting}: give SECTION.KEY=VALUE, such as train.total_kimg=50.0")
    try:
        return (section, key), values_in(value, "the value")
    except UserError as error:
        raise ArgumentError(f"--set {setting}: {error}") from error


def _next_step(params: Params) -> str:
    crawl = params.crawl
    if crawl.provider != "demo" and not crawl.contact:
        return (
            "set crawl.contact in it, set API keys in the environment (docs/how-to/crawl-naver.md), "
            "then dvc repro"
        )
    if crawl.provider == "demo" and crawl.shop_images and not Path(crawl.shop_images).is_dir():
        return f"make the folder {crawl.shop_images} with your images, then dvc repro"
    return "dvc repro"
