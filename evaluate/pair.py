"""Two sets of pictures held against each other, and the first against itself: the floor."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

from evaluate.comparison import Advance, PictureSet, compare
from evaluate.descriptors import Descriptors
from evaluate.distances import Distances, Floor
from evaluate.store import Store
from evaluate.work import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress

OTHERS = "other reals"  # the name of the set that makes the floor


@dataclass(frozen=True)
class Pair:
    """What was measured of two sets."""

    images: int  # per set
    counts: tuple[int, int]  # pictures that there were
    seed: int
    distances: Distances
    floor: Floor | None
    halves: bool = False  # of one set

    @property
    def notes(self) -> list[str]:
        """What a reader must know, a sentence each."""
        notes = [f"{self.images} pictures per set, seed {self.seed}; lower is better"]
        if self.counts != (self.images, self.images):
            notes.append(
                f"{self.counts[0]} and {self.counts[1]} pictures were cut to {self.images} per set: "
                "distances depend on the number of pictures"
            )
        if self.halves:
            notes.append(
                f"two random halves of one set: this distance is the floor at {self.images} pictures"
            )
        if self.floor is not None:
            notes.append(f"floor: {about_floor(self.floor.kind, self.images)}")
        return notes


def about_floor(kind: str, images: int) -> str:
    """What kind of floor it is, in a sentence."""
    if kind == "disjoint":
        return f"{images} real pictures against {images} other real pictures"
    return (
        f"the same {images} real pictures with patches at other places, because there are fewer than "
        f"{2 * images} for two sets that share none; the true floor is about twice as high"
    )


def floor_set(reals: PictureSet, images: int) -> tuple[str, PictureSet]:
    """The kind of floor that `reals` allow at this number of pictures, and its second set."""
    disjoint = reals.count >= 2 * images
    others = reals.part(images if disjoint else 0, images, OTHERS)
    return "disjoint" if disjoint else "reused", replace(others, identity="")


def check_sizes(first: PictureSet, second: PictureSet, smallest: int) -> None:
    """Make sure that two sets can be compared.

    Raises:
        UserError: their resolutions differ, or have no level of `smallest` pixels.
    """
    if first.resolution != second.resolution:
        raise UserError(
            f"pictures of {first.resolution} and {second.resolution} px cannot be compared: "
            "bring them to one size with python -m curate"
        )
    if first.resolution < smallest:
        raise UserError(
            f"pictures of {first.resolution} px have no level of {smallest} px: "
            "lower evaluate.smallest_level in params.yaml"
        )


def measure_pair(
    first: PictureSet,
    second: PictureSet,
    wanted: int | None,
    params: EvaluateParams,
    store: Store,
    work: Work,
    *,
    with_floor: bool = True,
) -> Pair:
    """Measure two sets.

    Args:
        first: the real pictures; the floor is measured among them.
        second: other pictures.
        wanted: pictures per set, None: all of the smaller set.
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
    with ExitStack() as stack, Progress("measuring distances", total, "pictures") as progress:
        real = stack.enter_context(store.described(reals, params, work, progress.advance))
        with store.described(fakes, params, work, progress.advance) as fake:
            distances = compare(real, fake, params, work)
        floor = (
            measure_floor(first, images, real, params, store, work, progress.advance) if with_floor else None
        )
    return Pair(images, (first.count, second.count), params.seed, distances, floor)


def measure_floor(
    reals: PictureSet,
    images: int,
    real: dict[int, Descriptors],
    params: EvaluateParams,
    store: Store,
    work: Work,
    advance: Advance,
) -> Floor:
    """The floor at a number of pictures, with the first `images` of `reals` described already."""
    kind, others = floor_set(reals, images)
    with store.described(others, params, work, advance) as other:
        return Floor(kind, compare(real, other, params, work, same=kind == "reused"))
