"""Two sets of images compared, and the first compared with itself: the floor."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

from evaluate.comparison.cache import Store
from evaluate.comparison.compare import compare, compare_colours_too
from evaluate.comparison.distances import Distances, Floor
from evaluate.comparison.resampled import chances_of
from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress

OTHERS = "other reals"  # the name of the set that makes the floor


@dataclass(frozen=True)
class Pair:
    """The result of a comparison of two sets."""

    images: int  # per set
    counts: tuple[int, int]  # images in the sets as given
    seed: int
    distances: Distances
    floor: Floor | None
    halves: bool = False  # of one set
    asked: int | None = None  # images per set; None: all
    colours_too: tuple[Distances, Distances | None] | None = None  # and the floor


def floor_set(reals: ImageSet, images: int) -> tuple[str, ImageSet]:
    """The kind of floor that `reals` suffice for at this number of images, and its second set."""
    disjoint = reals.count >= 2 * images
    others = reals.part(images if disjoint else 0, images, OTHERS)
    return "disjoint" if disjoint else "reused", others


def check_sizes(first: ImageSet, second: ImageSet, smallest: int) -> None:
    """Check that two sets can be compared.

    Raises:
        UserError: the resolutions differ, or are below `smallest` pixels.
    """
    if first.resolution != second.resolution:
        raise UserError(
            f"images of {first.resolution} and {second.resolution} px cannot be compared: "
            "bring them to one size with --size"
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
        with_floor: whether to measure the floor too, which doubles the time.

    Raises:
        UserError: the sets cannot be compared.
    """
    check_sizes(first, second, params.smallest_level)
    images = min(first.count, second.count, wanted or first.count)
    reals, fakes = first.part(0, images, first.name), second.part(0, images, second.name)
    total = (3 if with_floor else 2) * images
    with ExitStack() as stack, Progress("measuring distances", total, "images") as progress:
        real = stack.enter_context(store.described(reals, params, work, progress.advance))
        with store.described(fakes, params, work, progress.advance) as fake:
            distances = replace(
                compare(real, fake, params, work), chances=chances_of(real, fake, params, work)
            )
            coloured = compare_colours_too(real, fake, params, work)
        floor, floor_coloured = None, None
        if with_floor:
            kind, others = floor_set(first, images)
            with store.described(others, params, work, progress.advance) as other:
                floor = Floor(kind, compare(real, other, params, work, same=kind == "reused"))
                floor_coloured = compare_colours_too(real, other, params, work, same=kind == "reused")
    counts, colours_too = (first.count, second.count), (coloured, floor_coloured)
    return Pair(images, counts, params.seed, distances, floor, asked=wanted, colours_too=colours_too)
