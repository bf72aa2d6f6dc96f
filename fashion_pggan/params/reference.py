"""Every parameter with its unit, range and meaning, for the reference page."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from fashion_pggan.params.preset import SHIPPED
from fashion_pggan.params.reading import Params, load_params
from fashion_pggan.params.section import Section, Unit, WhenChanged

BOUNDS = {Ge: ("ge", "≥"), Gt: ("gt", ">"), Le: ("le", "≤"), Lt: ("lt", "<")}


class Row(NamedTuple):
    """One parameter."""

    section: str
    name: str
    type: str
    demo: Any  # its value in params.yaml
    paper: Any  # its value in presets/paper.yaml
    unit: str
    range: str
    meaning: str
    changed: str  # what a run is once it has changed; empty outside section train


def rows() -> Iterator[Row]:
    """Every parameter, in the order of params.yaml."""
    demo, paper = load_params(SHIPPED.parent / "params.yaml"), load_params(SHIPPED / "paper.yaml")
    for section, kind in Params.model_fields.items():
        here, there = getattr(demo, section), getattr(paper, section)
        for name, field in _fields(kind):
            yield Row(
                section,
                name,
                _type_of(field.annotation),
                getattr(here, name),
                getattr(there, name),
                _unit_of(field),
                _range_of(field),
                field.description or "",
                next((mark.value for mark in field.metadata if isinstance(mark, WhenChanged)), ""),
            )


def _fields(section: FieldInfo) -> Iterator[tuple[str, FieldInfo]]:
    fields: dict[str, FieldInfo] = getattr(section.annotation, "model_fields", {})
    yield from fields.items()


def _type_of(kind: Any) -> str:
    """A type in words: `list of text`."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Annotated, Union, UnionType):  # the description tells the other forms of a union
        return _type_of(inner[0])
    if origin is Literal:
        return "choice"
    if origin is list:
        return f"list of {_type_of(inner[0])}"
    if origin is dict:
        return f"{_type_of(inner[1])} by {_type_of(inner[0])}"
    if issubclass(kind, Section):
        return "rules"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}[kind.__name__]


def _unit_of(field: FieldInfo) -> str:
    return next((mark.name for mark in _marks(field) if isinstance(mark, Unit)), "")


def _range_of(field: FieldInfo) -> str:
    """What values a parameter may have: `> 0, ≤ 15`, or the choices."""
    if choices := _choices_of(field.annotation):
        return ", ".join(f"`{choice}`" for choice in choices)
    bounds = (
        f"{sign} {getattr(mark, name):,}"
        for mark in _marks(field)
        for kind, (name, sign) in BOUNDS.items()
        if isinstance(mark, kind)
    )
    return ", ".join(bounds) or ("`true`, `false`" if field.annotation is bool else "")


def _choices_of(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next(filter(None, map(_choices_of, get_args(kind))), ())


def _marks(field: FieldInfo) -> Iterator[object]:
    """The units and bounds of a field; of a mapping also those of its values."""
    yield from field.metadata
    for part in get_args(field.annotation)[-1:]:
        for mark in getattr(part, "__metadata__", ()):
            yield from mark.metadata if isinstance(mark, FieldInfo) else [mark]
