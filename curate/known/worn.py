"""Who says what is worn: networks that see people, the user's classifier, or rules."""

import logging
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path

from curate.facts.classifier_recipe import recipe_at
from curate.facts.evidence import Evidence
from curate.facts.row import Row
from curate.facts.style import Style, merged, scores_of, style_of
from curate.people.seen import People, several_of, worn_of
from curate.weights.installed import installed, lacking
from curate.weights.weight_files import FILES, content_of
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams

RULES, CLASSIFIER = "rules", "a classifier"

log = logging.getLogger(__name__)


def networks_of(params: CurateParams) -> str:
    """The networks to look for people with, and what runs them, with versions; empty for none.

    Raises:
        UserError: they are asked for and are not there, or are damaged.
    """
    needs = "curate.people is detector" if params.people == "detector" else ""
    needs = needs or ("curate.crop is top" if params.crop == "top" else "")
    if params.people == "rules" or Style.WORN in styles_named(params):
        if params.crop == "top":
            raise UserError(
                "curate.crop is top, which needs the networks that see people, but rules or a classifier say "
                "what is worn: set curate.crop to garment, or curate.people to auto without that classifier"
            )
        return ""
    if missing := lacking():
        if needs:
            raise UserError(f"{needs}, but {missing.what}: run {missing.how}")
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


def styled(facts: Row) -> Row:
    """The style of an image and its scores, from what was measured of it; nothing where that lacks.

    The rules score every style. A classifier's scores replace those of the styles that it names, and what
    networks saw replaces the score of `worn`, and raises that of `several` where they saw two people.
    """
    measured = {field.name: facts[field.name] for field in fields(Evidence)}
    if None in measured.values():
        return {}
    named = {style: facts[f"classifier_{style.value}"] for style in Style}
    named = {style: score for style, score in named.items() if score is not None}
    scores = merged(scores_of(Evidence(**measured)), named) if named else scores_of(Evidence(**measured))
    seen = {field.name: facts[field.name] for field in fields(People)}
    if None not in seen.values():
        kept = {Style.FLAT: scores[Style.FLAT]} if Style.FLAT in named else {}
        people = People(**seen)
        several = max(scores[Style.SEVERAL], 0.0 if Style.SEVERAL in named else several_of(people))
        scores = merged(scores, {Style.WORN: worn_of(people), Style.SEVERAL: several, **kept})
    if facts["text_score"] is not None and Style.BANNER not in named:
        kept = {Style.FLAT: scores[Style.FLAT]} if Style.FLAT in named else {}
        scores = merged(scores, {Style.BANNER: facts["text_score"], **kept})
    return {
        "style": style_of(scores).value,
        **{f"style_{name.value}": score for name, score in scores.items()},
    }
