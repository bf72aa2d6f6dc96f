"""Two sets of images compared, and the first compared with itself: the floor."""

from contextlib import ExitStack
from dataclasses import dataclass

from evaluate.comparison.cache import Store
from evaluate.comparison.compare import compare
from evaluate.comparison.distances import Distances, Floor
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.distance.descriptors import Descriptors
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
            "bring them to one size with fashion-pggan curate"
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
    """The floor at a number of images; `real` holds the descriptors of the first `images` of `reals`."""
    kind, others = floor_set(reals, images)
    with store.described(others, params, work, advance) as other:
        return Floor(kind, compare(real, other, params, work, same=kind == "reused"))
