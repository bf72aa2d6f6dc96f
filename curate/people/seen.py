"""What the networks see of people, and how likely it is that somebody wears the garment."""

import math
import platform
from dataclasses import dataclass

from curate.people.detectors import HANDS, best_score, two_best
from curate.pixels.measure import Pixels, reduced
from curate.weights.installed import installed
from fashion_pggan.errors import UserError

# A logistic regression on labelled images: python -m benchmarks.curation.people --fit.
WEIGHTS = {"person_score": 1.62, "hand_score": 0.63}
BIAS = -0.22  # 0.5 is where 2 % of images that nobody wears lie
SECOND = -2.5  # logit of a second person whose probability is 0.5: none of 51 images of one person reaches it


@dataclass(frozen=True)
class People:
    """What the networks see: logits of their most certain boxes."""

    person_score: float  # logit, of the network that sees people; null without it
    hand_score: float  # likewise, of the one that sees hands
    second_person_score: float  # likewise, of the one that sees people, for another person


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
    person, second = two_best(small)
    return People(person_score=person, hand_score=best_score(HANDS, small), second_person_score=second)


def worn_of(people: People) -> float:
    """The probability that somebody wears the garment."""
    return _likely(BIAS + sum(weight * getattr(people, name) for name, weight in WEIGHTS.items()))


def several_of(people: People) -> float:
    """How likely two people or more show garments: not more likely than that one does."""
    return min(worn_of(people), _likely(people.second_person_score - SECOND))


def _likely(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))
