"""params.yaml in; typed, frozen sections out, or an error that names each wrong value and what to do."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fashion_pggan.errors import UserError
from fashion_pggan.params.crawl import CrawlParams
from fashion_pggan.params.curate import CurateParams
from fashion_pggan.params.evaluate import EvaluateParams
from fashion_pggan.params.generate import GenerateParams
from fashion_pggan.params.section import Section
from fashion_pggan.params.train import TrainParams
from fashion_pggan.params.wording import advice_on, value_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in

RENAMED = {  # names of earlier versions
    "crawl.shop_pictures": "crawl.shop_images",
    "curate.shard_pictures": "curate.shard_images",
    "train.held_out": "curate.held_out",
}
NAMED = 20  # mistakes, in a message


class Params(Section):
    """All of params.yaml."""

    crawl: CrawlParams
    curate: CurateParams
    train: TrainParams
    generate: GenerateParams
    evaluate: EvaluateParams


def load_params(path: Path) -> Params:
    """Read and check a params file.

    Raises:
        UserError: the file is missing, is no YAML, or holds a key or value that is not a parameter; the text
            names each.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise UserError(f"no parameters at {path}: run from the repository root, or give --params") from None
    return parse_params(text, str(path))


def parse_params(text: str, name: str) -> Params:
    """Check the text of a params file, called `name` in errors; raises what `load_params` raises."""
    try:
        return Params.model_validate(values_in(text, name))
    except ValidationError as error:
        raise UserError(f"{name}: {explained(error, Params)}") from error


def explained(error: ValidationError, kind: type[BaseModel]) -> str:
    """What is wrong with a file that should hold a `kind`, in words for people."""
    details = error.errors()
    missing = [_path(detail) for detail in details if detail["type"] == "missing"]
    more = [f"and {len(details) - NAMED} more"] if len(details) > NAMED else []
    return "; ".join([*(_explain(detail, kind, missing) for detail in details[:NAMED]), *more])


def _path(detail: ErrorDetails) -> list[str]:
    return [str(part)[:80] for part in detail["loc"] if part not in ("[key]", "[text]", "[labelled]")]


def _explain(detail: ErrorDetails, kind: type[BaseModel], missing: list[list[str]]) -> str:
    where = _path(detail)
    name = ".".join(where) or "the file"
    if detail["type"] == "extra_forbidden":
        near = _nearest(where, kind, missing)
        return f"{name} is not a parameter: " + (f"did you mean {near}?" if near else "remove it")
    if detail["type"] == "missing":
        changed = " (git diff params.yaml shows what changed)" if kind is Params else ""
        return f"{name} is missing: give it a value{changed}"
    hint = ", without quotes or exponent, such as 0.001" if _looks_like_number(detail["input"]) else ""
    value = value_in(detail)
    return f"{name}{f' is {value}' if value else ''}: {advice_on(detail)}{hint}"


def _nearest(where: list[str], kind: type[BaseModel], missing: list[list[str]]) -> str:
    """The parameter that was meant: first a missing one of its section, then any; empty: none is near."""
    *section, key = where
    if (name := ".".join(where)) in RENAMED:
        return RENAMED[name]
    lost = [name for *parents, name in missing if parents == section]
    near = get_close_matches(key, lost, n=1) or get_close_matches(key, _known_names(kind, section), n=1)
    return ".".join([*section, *near]) if near else ""


def _known_names(kind: Any, section: list[str]) -> list[str]:
    for part in section:
        field = getattr(kind, "model_fields", {}).get(part)
        kind = field.annotation if field else None
    return list(getattr(kind, "model_fields", {}))


def _looks_like_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]  # the failure to convert is what is wanted
    except (TypeError, ValueError, OverflowError):
        return False
    return isinstance(value, str)
