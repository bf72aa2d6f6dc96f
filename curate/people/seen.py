"""What the networks see of people, and how likely it is that somebody wears the garment."""

import math
import platform
from dataclasses import dataclass

from curate.people.detectors import HANDS, PEOPLE, best_score
from curate.pixels.measure import Pixels, reduced
from curate.weights.installed import installed
from fashion_pggan.errors import UserError

# A logistic regression on labelled images: python -m benchmarks.curation.people --fit.
WEIGHTS = {"person_score": 1.62, "hand_score": 0.63}
BIAS = -0.22  # 0.5 is where 2 % of images that nobody wears lie


@dataclass(frozen=True)
class People:
    """What the networks see: the logit of the most certain box each."""

    person_score: float  # logit, of the network that sees people; null without it
    hand_score: float  # likewise, of the one that sees hands


def people_in(pixels: Pixels, networks: str) -> People:
    """Look for people in an upright image.

    Args:
        pixels: of any size.
        networks: those that the caller has; others would give other scores.

    Raises:
        UserError: others are installed here, such as on a Dask worker.
    """
    if installed() != networks:
        raise UserError(
            f"{platform.node()} has {installed()}, not {networks}: install the same there with "
            "pip install -c constraints.txt, and run fashion-pggan models fetch"
        )
    small = reduced(pixels)
    return People(
        person_score=best_score(PEOPLE, small),
        hand_score=best_score(HANDS, small),
    )


def worn_of(people: People) -> float:
    """The probability that somebody wears the garment."""
    logit = BIAS + sum(weight * getattr(people, name) for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))
