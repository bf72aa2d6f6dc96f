"""Two sets of images held against each other, and the first against itself: the floor."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

from evaluate.comparison.cache import Store
from evaluate.comparison.compare import Advance, ImageSet, compare
from evaluate.comparison.distances import Distances, Floor
from fashion_pggan.distance.descriptors import Descriptors
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress

OTHERS = "other reals"  # the name of the set that makes the floor
# How much a true floor exceeds one of re-used images; measured, docs/swd.md.
UNDERSTATED = "1.2 to 6 times by level, most at 16 px"


@dataclass(frozen=True)
class Pair:
    """What was measured of two sets."""

    images: int  # per set
    counts: tuple[int, int]  # images that there were
    seed: int
    distances: Distances
    floor: Floor | None
    halves: bool = False  # of one set
    asked: int | None = None  # images per set; None: all that there are

    @property
    def notes(self) -> list[str]:
        """What a reader must know, a sentence each."""
        notes = [f"{self.images} images per set, seed {self.seed}; lower is better"]
        if self.counts != (self.images, self.images):
            notes.append(
                f"{self.counts[0]} and {self.counts[1]} images were cut to {self.images} per set: "
                "distances depend on the number of images"
            )
        if fewer := about_number(self.images, self.asked):
            notes.append(fewer)
        notes += about_contrast(self.distances, "the first set", "the second set")
        if self.halves:
            notes.append(f"two random halves of one set: this distance is the floor at {self.images} images")
        if self.floor is not None:
            notes.append(f"{self.floor.name}: {about_floor(self.floor.kind, self.images)}")
        return notes


def about_floor(kind: str, images: int) -> str:
    """What kind of floor it is, in a sentence."""
    if kind == "disjoint":
        return f"{images} real images against {images} other real images"
    return (
        f"the same {images} real images with patches at other places; the true floor is unavailable, for "
        f"it takes {2 * images} different real images, and lies higher: {UNDERSTATED}"
    )


def about_contrast(distances: Distances, first: str, second: str) -> list[str]:
    """At which levels a set has no contrast, a sentence for each set that has none somewhere."""
    return [
        f"{name} has no contrast in a colour channel at {', '.join(map(str, levels))} px: its values count "
        "as equal there"
        for name, levels in zip((first, second), distances.flat, strict=True)
        if levels
    ]


def about_number(images: int, asked: int | None) -> str:
    """That fewer images than asked for were measured; empty where there were enough."""
    if asked is None or asked <= images:
        return ""
    return (
        f"{asked} images per set were asked for, there are {images}: distances depend on the number, so "
        "compare them only with others of as many"
    )


def floor_set(reals: ImageSet, images: int) -> tuple[str, ImageSet]:
    """The kind of floor that `reals` allow at this number of images, and its second set."""
    disjoint = reals.count >= 2 * images
    others = reals.part(images if disjoint else 0, images, OTHERS)
    return "disjoint" if disjoint else "reused", replace(others, identity="")


def check_sizes(first: ImageSet, second: ImageSet, smallest: int) -> None:
    """Make sure that two sets can be compared.

    Raises:
        UserError: their resolutions differ, or have no level of `smallest` pixels.
    """
    if first.resolution != second.resolution:
        raise UserError(
            f"images of {first.resolution} and {second.resolution} px cannot be compared: "
            "bring them to one size with python -m curate"
        )
    if first.resolution < smallest:
        raise UserError(
            f"images of {first.resolution} px have no level of {smallest} px: "
            "lower evaluate.smallest_level in params.yaml"
        )


def measure_pair(
    first: ImageSet,
    second: ImageSet,
    wanted: int | None,
    params: EvaluateParams,
    store: Store,
    work: Work,
    *,
    with_floor: bool = True,
) -> Pair:
    """Measure two sets.

    Args:
        first: the real images; the floor is measured among them.
        second: other images.
        wanted: images per set, None: all of the smaller set.
        params: the evaluate section.
        store: for descriptors.
        work: where to compute.
        with_floor: whether to measure the floor, which takes as long again.

    Raises:
        UserError: they cannot be compared.
    """
    check_sizes(first, second, params.smallest_level)
    images = min(first.count, second.count, wanted or first.count)
    reals, fakes = first.part(0, images, first.name), second.part(0, images, second.name)
    total = (3 if with_floor else 2) * images
    with ExitStack() as stack, Progress("measuring distances", total, "images") as progress:
        real = stack.enter_context(store.described(reals, params, work, progress.advance))
        with store.described(fakes, params, work, progress.advance) as fake:
            distances = compare(real, fake, params, work)
        floor = (
            measure_floor(first, images, real, params, store, work, progress.advance) if with_floor else None
        )
    counts = first.count, second.count
    return Pair(images, counts, params.seed, distances, floor, asked=wanted)


def measure_floor(
    reals: ImageSet,
    images: int,
    real: dict[int, Descriptors],
    params: EvaluateParams,
    store: Store,
    work: Work,
    advance: Advance,
) -> Floor:
    """The floor at a number of images, with the first `images` of `reals` described already."""
    kind, others = floor_set(reals, images)
    with store.described(others, params, work, advance) as other:
        return Floor(kind, compare(real, other, params, work, same=kind == "reused"))
