"""How a garment is shown, from the facts of its picture: a score for each way.

The rules and what they get wrong: docs/curating-styles.md, with the command that measures them.
"""

import math
from enum import StrEnum

from curate.evidence import Evidence


class Style(StrEnum):
    """How a garment is shown."""

    WORN = "worn"  # by a person
    MANNEQUIN = "mannequin"  # on a mannequin, or on a hanger
    FLAT = "flat"  # lying on something
    SEVERAL = "several"  # more than one garment
    CLOSE_UP = "close_up"  # cut off by the picture's edges
    BANNER = "banner"  # with letters beside it


# Fitted on tests/curate/labels.csv by logistic regression, both weighing alike: python -m benchmarks.styles
HANGING = {
    "tall": 3.2725,
    "border_saturation": -0.0153,
    "slope": 0.0306,
    "garment_share": 2.8232,
    "filled": -3.6778,
}
HANGING_BIAS = -2.2874


def scores_of(evidence: Evidence) -> dict[Style, float]:
    """A score from 0 to 1 for each style; they need not add up to 1."""
    scores = {
        Style.WORN: max(_step(evidence.faces, 0.5, 8.0), _step(evidence.skin, 0.45, 20.0)),
        Style.MANNEQUIN: _hanging(evidence),
        Style.SEVERAL: _step(evidence.components, 1.5, 6.0) * _step(evidence.touching, 0.1, -40.0),
        Style.CLOSE_UP: _step(evidence.touching, 0.2, 25.0),
        Style.BANNER: _step(evidence.banner, 0.25, 20.0),
    }
    return {**scores, Style.FLAT: 1 - max(scores.values())}


def style_of(scores: dict[Style, float]) -> Style:
    """The style with the largest score; of equal ones the first in the order of `Style`."""
    return max(Style, key=lambda style: scores[style])


def _hanging(evidence: Evidence) -> float:
    """Hanging garments are long and narrow, before a pale wall that is darker further down."""
    total = sum(weight * min(getattr(evidence, name), 255.0) for name, weight in HANGING.items())
    return 1 / (1 + math.exp(-min(max(total + HANGING_BIAS, -50.0), 50.0)))


def _step(value: float, middle: float, steepness: float) -> float:
    """From 0 to 1 around `middle`."""
    return 1 / (1 + math.exp(-min(max(steepness * (value - middle), -50.0), 50.0)))
