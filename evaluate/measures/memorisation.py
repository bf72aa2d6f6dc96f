"""Memorisation: generated images beside their nearest training images, and how many are copies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluate.measures.altered_copies import Altered, altered_of, chance_of, rank_of, real_count, shown_pairs
from evaluate.measures.nearest import (
    Indices,
    Neighbours,
    neighbours_among,
    neighbours_of,
    read_one,
    training_of,
)
from evaluate.sets.image_set import ImageSet
from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import write_grid
from fashion_pggan.progress import Progress
from fashion_pggan.storage.escaped import printable_lines
from generate.checks.neighbours import COMPARED, COPY_BITS, COPY_LEVELS

SHEET_PAIRS = 24
NAMED = 5  # copies named on a terminal
SHEET_COLUMNS = 8  # images, two of a pair
QUANTILES = (0.0, 0.01, 0.05, 0.5)
DIGITS = 3  # of distances: those of two images from each other are equal
NOT_FOUND = "some altered copies are not found: docs/explanation/memorisation.md says which, and how many"

NOT_ALIGNED: dict[str, Any] = {"altered": None, "altered_limit": None, "altered_chance": None}


@dataclass(frozen=True)
class Copies:
    """The nearest neighbours of generated images, and of real images among the other real images."""

    generated: Neighbours
    real: Neighbours  # copies are left out
    real_copies: int = 0  # real images that have copies among the others
    generated_called: Callable[[int], int | str] = int
    training_called: Callable[[int], int | str] = int
    altered: Altered | None = None  # None: too small to be aligned
    shown: Neighbours | None = None  # the neighbours to show; None: the nearest

    @property
    def rank(self) -> int:
        """The place of the threshold among the distances of real images; 0: there are too few."""
        return rank_of(self._pairs)

    @property
    def _pairs(self) -> int:
        """Real images that count: two that are nearest to each other are one draw, not two."""
        return len(self.real.pixels) // 2

    @property
    def threshold(self) -> float:
        """The distance in grey levels within which about 1 % of real images have another real image."""
        if not self.rank:
            return COPY_LEVELS
        of_pairs = np.unique(self.real.pixels.round(DIGITS))
        return max(float(of_pairs[min(self.rank, len(of_pairs)) - 1]), COPY_LEVELS)

    @property
    def expected_share(self) -> float | None:
        """The share of honest images within the threshold, on average: the threshold is itself a draw."""
        return self.rank / (self._pairs + 1) if self.rank else None

    @property
    def chance(self) -> float | None:
        """The probability that at least `near` honest images lie within the threshold."""
        if not self.rank:
            return None
        return chance_of(self.near, len(self.generated.pixels), self.rank, self._pairs)

    @property
    def near(self) -> int:
        """The number of generated images within the threshold of a training image, copies among them."""
        return int(((self.generated.pixels <= self.threshold) | self.generated.copies).sum())

    @property
    def copies(self) -> int:
        """The number of generated images that are copies of a training image."""
        return int(self.generated.copies.sum())

    def facts(self) -> dict[str, Any]:
        """What `dvc metrics` shows."""
        return {
            "images": len(self.generated.pixels),
            "copies": self.copies,
            "near": self.near,
            "near_share": round(self.near / len(self.generated.pixels), 4),
            "expected_share": _rounded(self.expected_share),
            "chance": _rounded(self.chance),
            "real_copies": self.real_copies,
            **(self.altered.facts() if self.altered else NOT_ALIGNED),
            "generated": _quantiles(self.generated),
            "real": _quantiles(self.real),
        }

    def by_label(self, labels: Sequence[str]) -> dict[str, dict[str, int]]:
        """How many images of each label were looked up, are copies, and are near; one label per image."""
        near = (self.generated.pixels <= self.threshold) | self.generated.copies
        mine = {label: np.array([each == label for each in labels]) for label in dict.fromkeys(labels)}
        return {
            label: {
                "images": int(chosen.sum()),
                "copies": int(self.generated.copies[chosen].sum()),
                "near": int(near[chosen].sum()),
            }
            for label, chosen in mine.items()
        }

    def distances(self) -> dict[str, Any]:
        """Every distance, and the pairs on the contact sheet in its order, as copies.json holds them."""
        near = self.generated
        return {
            "threshold": round(self.threshold, 4),
            "copy_levels": COPY_LEVELS,
            "copy_bits": COPY_BITS,
            "generated": [round(float(each), 3) for each in near.pixels],
            "real": [round(float(each), 3) for each in self.real.pixels],
            "pairs": self.pairs(SHEET_PAIRS),
        }

    def pairs(self, count: int) -> list[dict[str, Any]]:
        """The closest pairs by either measure, closest first, by index or file name."""
        near = self.shown or self.generated
        return [
            {
                "generated": self.generated_called(int(place)),
                "training": self.training_called(int(near.index[place])),
                "mirrored": bool(near.mirrored[place]),
                "pixels": round(float(near.pixels[place]), 3),
                "bits": int(near.bits[place]),
            }
            for place in self.closest(count)
        ]

    def closest(self, count: int) -> Indices:
        """Indices of the generated images of the closest pairs: copies, altered copies, then by distance."""
        near = self.generated.closest(len(self.generated.pixels), self.threshold)
        altered = self.altered.found if self.altered else np.zeros(len(near), dtype=np.bool_)
        order = np.where(self.generated.copies, 0, np.where(altered, 1, 2))
        return near[np.argsort(order[near], kind="stable")][:count]

    def text(self) -> str:
        """The result for a terminal."""
        rows = [["", "closest", "1 %", "5 %", "median", "hash bits"]]
        for name, found in (("generated to training", self.generated), ("real to other real", self.real)):
            if len(found.pixels):
                numbers = [f"{np.quantile(found.pixels, share):.1f}" for share in QUANTILES]
                rows.append([name, *numbers, f"{np.median(found.bits):.0f}"])
        lines = [
            f"{row[0]:<24}" + "".join(f"{cell:>10}" for cell in row[1:5]) + f"{row[5]:>22}" for row in rows
        ]
        return printable_lines(
            [
                "distance of each image to its nearest training image, grey levels of 255:",
                *lines,
                *self._sentences(),
            ]
        )

    def _sentences(self) -> list[str]:
        count = len(self.generated.pixels)
        sentences = [
            (
                f"{self.copies} of {count} generated images are copies of training images: within "
                f"{COPY_LEVELS:g} grey levels, or within {COPY_BITS} of 256 hash bits"
            ),
            (
                f"{self.near} of {count} ({self.near / count:.1%}) are copies or within "
                f"{self.threshold:.1f} grey levels of a training image; "
                f"{self._expected(count)}"
            ),
        ]
        if self.altered:
            sentences.append(
                f"{self.altered.found.sum()} more may be altered copies: moved, zoomed, rotated, blended, or "
                f"pasted in part; {_by_chance(self.altered.chance)}"
            )
        if marked := self.copies + (int(self.altered.found.sum()) if self.altered else 0):
            pairs = self.pairs(min(NAMED, marked))
            shown = ", ".join(f"{pair['generated']} of {pair['training']}" for pair in pairs)
            sentences.append(f"the closest: {shown}")
        if self.real_copies:
            sentences.append(
                f"{self.real_copies} of the training images that were compared have copies in the training "
                "set, which were passed over: remove them with fashion-pggan curate"
            )
        return [*sentences, NOT_FOUND]

    def _expected(self, count: int) -> str:
        if self.expected_share is None:
            return "there are too few training images to say how many real ones would be"
        expected = (
            f"of as many real images about {count * self.expected_share:.0f} ({self.expected_share:.1%})"
        )
        return f"{expected}; {_by_chance(self.chance)}"


def _by_chance(chance: float | None) -> str:
    """How likely as many are among honest images."""
    if chance is None:
        return "there are too few images to say whether that is chance"
    return f"the probability of as many among real images is {chance:.3f}"


def find_copies(generated: ImageSet, training: ImageSet) -> Copies:
    """Find the nearest training image of each generated image, and of up to 1,000 training images.

    Args:
        generated: the images to look up.
        training: the generator's training images.

    Raises:
        UserError: the resolutions differ, or there is one training image alone.
    """
    if generated.resolution != training.resolution:
        raise UserError(
            f"images of {generated.resolution} and {training.resolution} px cannot be compared: "
            "give images of the training's resolution"
        )
    if training.count < 2:
        raise UserError(f"{training.count} training images have no neighbours: give 2 or more")
    some = training.part(0, min(training.count, COMPARED), training.name)
    total = training.count + 2 * generated.count + some.count + real_count(generated, training)
    with Progress("looking for copies", total, "images") as progress:
        looked_in = training_of(training, progress.advance)
        nearest = neighbours_of(generated, looked_in, progress.advance)
        real = neighbours_among(some, looked_in, progress.advance)
        altered = altered_of(generated, training, nearest, progress.advance)
        shown = shown_pairs(nearest, altered, generated, training)
        return Copies(nearest, *real, generated.called, training.called, altered, shown)


def write_pairs(path: Path, found: Copies, generated: ImageSet, training: ImageSet) -> None:
    """Write the closest pairs as a contact sheet: each generated image, with its neighbour to the right."""
    images, near = [], found.shown or found.generated
    for place in found.closest(SHEET_PAIRS):
        images.append(read_one(generated, int(place), False))
        images.append(read_one(training, int(near.index[place]), bool(near.mirrored[place])))
    write_grid(path, np.stack(images), SHEET_COLUMNS)


def _quantiles(found: Neighbours) -> dict[str, float] | None:
    if not len(found.pixels):
        return None
    named = zip(("closest", "percent_1", "percent_5", "median"), QUANTILES, strict=True)
    return {
        **{name: round(float(np.quantile(found.pixels, share)), 3) for name, share in named},
        "median_bits": float(np.median(found.bits)),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
