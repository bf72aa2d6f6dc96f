"""What the networks see of people, and how likely it is that somebody wears the garment."""

import math
import platform
from dataclasses import dataclass, replace

from curate.people.detectors import HANDS, Persons, best_score, persons_in
from curate.pixels.measure import Pixels, reduced
from curate.weights.installed import installed
from fashion_pggan.errors import UserError

# A logistic regression on labelled images: python -m benchmarks.curation.people --fit.
WEIGHTS = {"person_score": 1.62, "hand_score": 0.63}
BIAS = -0.22  # 0.5 is where 2 % of images that nobody wears lie
SURE = 1.2  # logit, from which on neck and hips are believed: 2 of 500 garments without anybody are above
# A top, in lengths from neck to hips: above the neck, below the hips, to each side of the middle.
ABOVE, BELOW, BESIDE = 0.15, 0.15, 0.75
LEAST = 0.2  # of the image's side: a smaller box is no garment that a shop shows
Box = tuple[float, float, float, float]  # left, top, width, height, as shares of the image
SECOND = -2.5  # logit of a second person whose probability is 0.5: none of 51 images of one person reaches it


@dataclass(frozen=True)
class People:
    """What the networks see: logits of their most certain boxes, and where a top is."""

    person_score: float  # logit, of the network that sees people; null without it
    hand_score: float  # likewise, of the one that sees hands
    second_person_score: float  # likewise, of the one that sees people, for another person
    torso_left: float = 0.0  # the box of what a top covers, as a share of the width; null likewise
    torso_top: float = 0.0  # likewise, of the height
    torso_width: float = 0.0  # likewise, of the width; 0 where nobody is surely seen
    torso_height: float = 0.0  # likewise, of the height; 0 there, too


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
    persons = persons_in(small)
    people = People(persons.first, best_score(HANDS, small), persons.second)
    if people.person_score < SURE:
        return people
    left, top, width, height = _torso(persons, *small.shape[:2])
    return replace(people, torso_left=left, torso_top=top, torso_width=width, torso_height=height)


def worn_of(people: People) -> float:
    """The probability that somebody wears the garment."""
    return _likely(BIAS + sum(weight * getattr(people, name) for name, weight in WEIGHTS.items()))


def several_of(people: People) -> float:
    """How likely two people or more show garments: not more likely than that one does."""
    return min(worn_of(people), _likely(people.second_person_score - SECOND))


def _torso(person: Persons, height: int, width: int) -> Box:
    """What a top covers of a person, within the image; no box where next to nothing of it is."""
    (neck_x, neck_y), (hips_x, hips_y) = ((x * width, y * height) for x, y in (person.neck, person.hips))
    long = math.hypot(hips_x - neck_x, hips_y - neck_y)
    middle = (neck_x + hips_x) / 2
    left, right = (min(max(x, 0.0), width) for x in (middle - BESIDE * long, middle + BESIDE * long))
    ends = min(neck_y, hips_y) - ABOVE * long, max(neck_y, hips_y) + BELOW * long
    top, bottom = (min(max(y, 0.0), height) for y in ends)
    if right - left < LEAST * width or bottom - top < LEAST * height:
        return 0.0, 0.0, 0.0, 0.0
    return left / width, top / height, (right - left) / width, (bottom - top) / height


def _likely(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))
