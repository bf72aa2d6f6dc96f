"""Who says what is worn: networks that see people, the user's classifier, or rules."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from pathlib import Path

import pyarrow as pa

from curate.facts.classifier_recipe import recipe_at
from curate.facts.row import Row
from curate.facts.style import Style, merged, style_of
from curate.people.seen import People, worn_of
from curate.weights.installed import installed, lacking
from curate.weights.weight_files import FILES, content_of
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams

RULES, CLASSIFIER = "rules", "a classifier"
STYLES = ["style", *(f"style_{style.value}" for style in Style)]  # the facts that depend on it
SCORES = [field.name for field in fields(People)]
SCHEMA = pa.schema([("sha256", pa.string()), *((name, pa.float64()) for name in SCORES)])

log = logging.getLogger(__name__)


def networks_of(params: CurateParams) -> str:
    """The networks to look for people with, and what runs them, with versions; empty for none.

    Raises:
        UserError: they are asked for and are not there, or are damaged.
    """
    if params.people == "rules" or Style.WORN in styles_named(params):
        return ""
    if missing := lacking():
        if params.people == "detector":
            raise UserError(f"curate.people is detector, but {missing.what}: run {missing.how}")
        return ""
    for file in FILES:
        content_of(file)
    return installed()


def detector_of(params: CurateParams) -> str:
    """Who says what is worn, in words; raises what `networks_of` raises."""
    return networks_of(params) or (CLASSIFIER if Style.WORN in styles_named(params) else RULES)


def warn(params: CurateParams) -> None:
    """Say how to recognise more of what is worn, where that decides which images are kept."""
    missing = lacking()
    matters = (params.styles or params.max_scores) and Style.WORN not in styles_named(params)
    if missing and matters and params.people == "auto":
        log.warning("rules say what is worn, and miss half of it (%s): run %s", *missing)


def styles_named(params: CurateParams) -> Collection[str]:
    """The styles that the user's classifier scores."""
    if not params.classifier:
        return ()
    recipe = recipe_at(Path(params.classifier))
    return {*recipe.classes, *(recipe.text.prompts if recipe.text else ())}


def with_people(facts: Row, people: People | None, named: Collection[str]) -> Row:
    """An image's facts and what networks saw in it, whose score replaces that of the rules.

    Args:
        facts: with the scores of all styles.
        people: None where no network looked.
        named: styles whose scores are a classifier's and stay.
    """
    if people is None:
        return facts | dict.fromkeys(SCORES)
    scores = {style: facts[f"style_{style.value}"] for style in Style}
    kept = {Style.FLAT: scores[Style.FLAT]} if Style.FLAT in named else {}
    scores = merged(scores, {Style.WORN: worn_of(people), **kept})
    named_scores = {f"style_{style.value}": score for style, score in scores.items()}
    return facts | {"style": style_of(scores).value} | named_scores | asdict(people)


def all_with_people(table: pa.Table, seen: Mapping[str, People], params: CurateParams) -> pa.Table:
    """`with_people` for a table of facts; `seen` by SHA-256."""
    named = styles_named(params)
    rows = [
        with_people(row, seen.get(row["sha256"]), named)
        for row in table.select(["sha256", *STYLES]).to_pylist()
    ]
    schema = pa.schema(
        [*(table.schema.field(name) for name in STYLES), *(SCHEMA.field(name) for name in SCORES)]
    )
    made = pa.Table.from_pylist(rows, schema)
    for name in STYLES:
        table = table.set_column(table.schema.get_field_index(name), schema.field(name), made[name])
    for name in SCORES:
        table = table.append_column(schema.field(name), made[name])
    return table
