"""How a garment is shown, from the facts of its image: a score for each style.

The rules and their errors: docs/explanation/styles.md.
"""

import math
from collections.abc import Mapping
from enum import StrEnum

from curate.facts.evidence import Evidence


class Style(StrEnum):
    """How a garment is shown."""

    WORN = "worn"  # by a person
    MANNEQUIN = "mannequin"  # on a mannequin, or on a hanger
    FLAT = "flat"  # lying on something
    SEVERAL = "several"  # more than one garment
    CLOSE_UP = "close_up"  # a part of it
    BANNER = "banner"  # with a strip of letters


FOUND, LIKELY = 0.95, 0.94
SKIN_ALONE = 0.4  # limit on the score of skin without a face: many garments have its colour


def scores_of(evidence: Evidence) -> dict[Style, float]:
    """A score from 0 to 1 for each style; they need not add up to 1.

    Faces, letters and garments side by side are rarely found where there are none, so they come before what
    is only more or less likely.
    """
    several = evidence.garments > 1
    scores = {
        Style.WORN: FOUND if evidence.faces else SKIN_ALONE * _step(evidence.skin, 0.1, 30.0),
        Style.MANNEQUIN: evidence.hanging * LIKELY,
        Style.SEVERAL: FOUND if several else 0.0,
        Style.CLOSE_UP: 0.0 if several else evidence.close_up * LIKELY,
        Style.BANNER: FOUND if evidence.banner else 0.0,
    }
    return {**scores, Style.FLAT: 1 - max(scores.values())}


def style_of(scores: Mapping[Style, float]) -> Style:
    """The style with the largest score; among equal ones the first in the order of `Style`."""
    return max(Style, key=lambda style: scores[style])


def merged(own: Mapping[Style, float], other: Mapping[Style, float]) -> dict[Style, float]:
    """Scores of the rules, replaced by a classifier's where it has them; what is nothing else is flat."""
    scores = {**own, **other}
    if Style.FLAT in other:
        return scores
    return {**scores, Style.FLAT: 1 - max(score for style, score in scores.items() if style != Style.FLAT)}


def _step(value: float, middle: float, steepness: float) -> float:
    """From 0 to 1 around `middle`."""
    return 1 / (1 + math.exp(-min(max(steepness * (value - middle), -50.0), 50.0)))
