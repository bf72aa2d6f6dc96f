"""The kinds of facts that are measured only when something reads them, each with a store of its own.

To add a fact: write a dataclass of its columns (a comment beside each) and a function that measures them on a
`View`; list the dataclass in `COLUMNS`, and in `kinds_for` a `Kind` that is read when `curate.measure` is
all or when a parameter reads it. Then an image is decoded for it once, also one that is known; it is kept in
runs/curate; its columns stand in measures.parquet and before `judge`, null where it was not asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.copies.closer import CloserLook, closer_look
from curate.facts.appearance import Recognised, recognised_in
from curate.facts.classifier import OTHER, classifier_at, label_classifier_at
from curate.facts.classifier_recipe import LabelRecipe, recipe_hashes
from curate.facts.detail import Detail, detail_of
from curate.facts.evidence import Garment, Quality, Shown, garment_of, quality_of, shown_in
from curate.facts.row import SCHEMA, fields_of
from curate.facts.style import Style
from curate.facts.view import View
from curate.known.banners import text_network_of
from curate.known.store_names import CLOSER, LOOKING, MEASURING, READING, name_of
from curate.known.worn import networks_of
from curate.people.seen import People, people_in
from curate.text.text_lines import Text, text_in
from curate.weights.weight_files import FILES
from fashion_pggan.params import CurateParams


@dataclass(frozen=True)
class Classified:
    """The scores of the user's own classifier, for the styles that its recipe names."""

    classifier_worn: float | None  # 0 to 1; null when the recipe does not name it
    classifier_mannequin: float | None  # likewise
    classifier_flat: float | None  # likewise
    classifier_several: float | None  # likewise
    classifier_close_up: float | None  # likewise
    classifier_banner: float | None  # likewise


@dataclass(frozen=True)
class Labelled:
    """What the user's own classifier of labels says."""

    said_label: str  # its likeliest class; empty: `other`
    said_score: float  # 0 to 1


COLUMNS = (Quality, Garment, Shown, Classified, People, Text, Recognised)  # the others stay in their stores
STYLES = pa.schema(
    [
        pa.field("style", pa.string()),  # the most likely; empty when it was not asked for
        *(pa.field(f"style_{style.value}", pa.float64()) for style in Style),  # 0 to 1
    ]
)
MEASURES = pa.schema([*SCHEMA, *(field for kind in COLUMNS for field in fields_of(kind)), *STYLES])


@dataclass(frozen=True)
class Kind:
    """Facts that are measured together."""

    name: str  # of its store: folder `<name>-<hash>`
    columns: type  # a dataclass; its fields are columns of measures.parquet
    measure: Callable[[View], Any]  # an instance of `columns`; pickled for the workers
    read: bool  # whether a parameter asks for it
    folders: Sequence[str] = MEASURING  # of the program that computes it: a change there measures again
    values: Sequence[object] = ()  # what else its facts depend on, likewise

    @property
    def schema(self) -> pa.Schema:
        """Of its store."""
        return pa.schema([SCHEMA.field("sha256"), *fields_of(self.columns)])

    @property
    def store(self) -> str:
        """The name of its store's folder."""
        return f"{self.name}-{name_of(self.folders, *self.values)}"


def kinds_for(params: CurateParams) -> list[Kind]:
    """All kinds of facts that these parameters can have measured.

    Raises:
        UserError: a classifier or networks are asked for and are not there.
    """
    styles = asks_for_styles(params)  # which are made of all that follows
    people = styles or params.crop == "top"
    judged = params.max_banner < 1 or params.max_collage < 1 or params.min_sharpness > 0
    kinds = [
        Kind("quality", Quality, quality_of, styles or judged),
        Kind("garment", Garment, garment_of, styles or params.crop != "centre"),
        Kind("shown", Shown, shown_in, styles),
        Kind("recognised", Recognised, recognised_in, params.measure == "all" or params.min_garment > 0),
        Kind("detail", Detail, detail_of, False),
        Kind("closer", CloserLook, closer_look, False, CLOSER),
    ]
    if params.classifier:
        classify = partial(_classified, recipe=params.classifier)
        hashes = recipe_hashes(Path(params.classifier))
        kinds.append(Kind("classified", Classified, classify, styles, values=hashes))
    if params.label_classifier:
        tell = partial(_labelled, recipe=params.label_classifier)
        hashes = recipe_hashes(Path(params.label_classifier), LabelRecipe)
        kinds.append(Kind("labelled", Labelled, tell, bool(params.labels), values=hashes))
    if networks := networks_of(params):
        values = networks, [file.sha256 for file in FILES]
        kinds.append(Kind("people", People, partial(_people, networks=networks), people, LOOKING, values))
    if network := text_network_of(params):
        read = partial(_text, network=network)
        kinds.append(Kind("text", Text, read, styles or params.max_banner < 1, READING, (network,)))
    return kinds


def asks_for_styles(params: CurateParams) -> bool:
    """Whether each image gets a style and its scores."""
    return params.measure == "all" or bool(params.styles or params.max_scores)


def _classified(view: View, recipe: str) -> Classified:
    scores = classifier_at(recipe).scores_of(view.pixels)
    return Classified(**{f"classifier_{style.value}": scores.get(style) for style in Style})


def _labelled(view: View, recipe: str) -> Labelled:
    shares = label_classifier_at(recipe).shares_of(view.pixels)
    best = max(shares, key=lambda name: shares[name])
    return Labelled("" if best == OTHER else best, shares[best])


def _people(view: View, networks: str) -> People:
    return people_in(view.seen, networks)


def _text(view: View, network: str) -> Text:
    return text_in(view.seen, view.foreground.cut, network)
