"""Altered copies: generated images whose details, once aligned, are those of a training image."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

from evaluate.measures.aligned import ALIGNED_SIDE, Alike, alike
from evaluate.measures.nearest import Neighbours, read_one
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.images.hashes.perceptual_hash import bits_apart, perceptual_hash
from fashion_pggan.storage.shards import Images

RARE = 0.01  # share of real images that are as like another real image as the limit of likeness
TELLING = 0.02  # probability among honest images below which a count is no chance


def rank_of(pairs: int) -> int:
    """The place, among real images in order, that one of a hundred reaches; 0: there are too few."""
    return max(round(RARE * pairs), 1) if pairs else 0


def chance_of(near: int, count: int, rank: int, pairs: int) -> float | None:
    """The probability that at least `near` of `count` honest images come before the real one of this rank.

    None: there are so few images that even all of them would tell nothing.

    Honest images and real ones come in random order by distance, so the number of honest ones before the
    real one of this rank has a negative hypergeometric distribution.
    """
    least, found = (
        float(hypergeom.cdf(rank - 1, count + pairs, pairs, each + rank - 1)) for each in (count, near)
    )
    return found if least < TELLING else None


@dataclass(frozen=True)
class Altered:
    """What alignment finds among generated images, and among half as many training images."""

    generated: Alike
    real: Alike  # training images among the others
    plain: npt.NDArray[np.bool_]  # (n,) generated images that are copies as they are

    @property
    def _pairs(self) -> int:
        """Real images that count: two that are like each other are one draw, not two."""
        return len(self.real.likeness) // 2

    @property
    def limit(self) -> float:
        """The likeness from which an image counts as a copy: at least 1, more where real images are alike."""
        rank = rank_of(self._pairs)
        usual = np.unique(self.real.likeness)[::-1]  # two training images have one likeness
        return max(float(usual[min(rank, len(usual)) - 1]), 1.0) if rank else 1.0

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """(n,) which generated images are altered copies."""
        reached: npt.NDArray[np.bool_] = (self.generated.likeness > self.limit) & ~self.plain
        return reached

    @property
    def chance(self) -> float | None:
        """The probability of at least as many among honest images; None: there are too few real ones."""
        if not self._pairs:
            return None
        count, passed = len(self.plain) - int(self.plain.sum()), int(self.found.sum())
        beyond = len(np.unique(self.real.likeness[self.real.likeness > self.limit]))
        return chance_of(passed, count, min(beyond + 1, self._pairs), self._pairs)

    def facts(self) -> dict[str, Any]:
        """What `dvc metrics` shows."""
        chance = self.chance
        return {
            "altered": int(self.found.sum()),
            "altered_limit": round(self.limit, 3),
            "altered_chance": None if chance is None else round(chance, 4),
        }


def altered_of(
    generated: ImageSet, training: ImageSet, nearest: Neighbours, advance: Advance = lambda _: None
) -> Altered | None:
    """Look for altered copies among generated images; None for images too small to be aligned.

    Args:
        generated: images.
        training: the generator's training images.
        nearest: the nearest training images without alignment.
        advance: called with the number of images that were done.
    """
    if generated.resolution < ALIGNED_SIDE:
        return None
    some = training.part(0, real_count(generated, training), training.name)
    found = alike(generated, training, advance=advance)
    return Altered(found, alike(some, training, among=True, advance=advance), nearest.copies)


def real_count(generated: ImageSet, training: ImageSet) -> int:
    """How many training images are aligned with the others: half as many as generated ones, at least 2."""
    return min(training.count, max(generated.count // 2, 2))


def shown_pairs(
    nearest: Neighbours, altered: Altered | None, generated: ImageSet, training: ImageSet
) -> Neighbours:
    """The neighbours to show: for an altered copy the image that it copies."""
    if altered is None or not altered.found.any():
        return nearest
    index, mirrored = nearest.index.copy(), nearest.mirrored.copy()
    pixels, bits = nearest.pixels.copy(), nearest.bits.copy()
    for place in np.flatnonzero(altered.found):
        index[place], mirrored[place] = altered.generated.index[place], altered.generated.mirrored[place]
        one = read_one(generated, int(place), False)
        other = read_one(training, int(index[place]), bool(mirrored[place]))
        pixels[place], bits[place] = _apart(one, np.ascontiguousarray(other))
    return replace(nearest, index=index, mirrored=mirrored, pixels=pixels, bits=bits)


def _apart(one: Images, other: Images) -> tuple[float, int]:
    levels = float(np.sqrt(np.square(one.astype(np.float64) - other).mean()))
    return levels, int(bits_apart(perceptual_hash(one), perceptual_hash(other)))
