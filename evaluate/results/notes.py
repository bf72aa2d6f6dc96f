"""What a reader of distances must know, in sentences: counts, contrast, and the kind of floor."""

from evaluate.comparison.distances import Distances, Estimate
from evaluate.comparison.pair import Pair

# How much a true floor exceeds a floor of reused images; measured, see docs/explanation/distance.md.
UNDERSTATED = "1.2 to 6 times by level, most at 16 px"


def notes_of(pair: Pair) -> list[str]:
    """The notes on a comparison of two sets, a sentence each."""
    notes = [f"{pair.images} images per set, seed {pair.seed}; lower is better"]
    if pair.counts != (pair.images, pair.images):
        notes.append(
            f"{pair.counts[0]} and {pair.counts[1]} images were cut to {pair.images} per set: "
            "distances depend on the number of images"
        )
    if fewer := about_number(pair.images, pair.asked):
        notes.append(fewer)
    if pair.distances.average.interval is None:
        notes.append(about_intervals(pair.distances))
    if chances := pair.distances.chances:
        farther, nearer = map(in_percent, chances)
        notes.append(
            f"two sets of one kind lie at least so far apart in {farther} of cases, "
            f"at least so near in {nearer}"
        )
    if pair.colours_too:
        notes.append(about_colours(*pair.colours_too, pair.floor.name if pair.floor else ""))
    notes += about_contrast(pair.distances, "the first set", "the second set")
    if pair.halves:
        notes.append(f"two random halves of one set: this distance is the floor at {pair.images} images")
    if pair.floor is not None:
        notes.append(f"{pair.floor.name}: {about_floor(pair.floor.kind, pair.images)}")
    return notes


def about_colours(distances: Distances, floor: Distances | None, name: str) -> str:
    """The average distance with colour and contrast counted, in a sentence; `name` is that of the floor."""
    counted = "with colour and contrast counted (normalised by the real set alone, not as published)"
    if distances.flat[0]:
        return f"{counted} there is no distance: the real set has no contrast"
    beside = f"; {name} {_in_words(floor.average)}" if floor else ""
    return f"{counted}: {_in_words(distances.average)}{beside}"


def in_percent(share: float) -> str:
    """A probability for people."""
    return "below 0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")


def _in_words(estimate: Estimate) -> str:
    return f"{estimate.value:.4f}" + (f" ({interval_of(estimate)})" if estimate.interval else "")


def interval_of(estimate: Estimate | None) -> str:
    """An interval for people; empty if there is none."""
    if estimate is None or estimate.interval is None:
        return ""
    low, high = estimate.interval
    return f"{low:.2f}–{high:.2f}"  # noqa: RUF001  # the dash of ranges


def about_floor(kind: str, images: int) -> str:
    """The kind of floor, in a sentence."""
    if kind == "disjoint":
        return f"{images} real images against {images} other real images"
    return (
        f"the same {images} real images with patches at other positions; the true floor is unavailable, "
        f"because it takes {2 * images} different real images, and lies higher: {UNDERSTATED}"
    )


def about_intervals(distances: Distances) -> str:
    """Where the intervals are, or that there are none."""
    if distances.average.interval:
        return "below each number its 95 % interval"
    return "no intervals (fewer than 8 images, or evaluate.replicates is 0)"


def about_contrast(distances: Distances, first: str, second: str) -> list[str]:
    """The levels at which a set has no contrast: a sentence for each set with such a level."""
    return [
        f"{name} has no contrast in a colour channel at {', '.join(map(str, levels))} px: its values count "
        "as equal there"
        for name, levels in zip((first, second), distances.flat, strict=True)
        if levels
    ]


def about_number(images: int, asked: int | None) -> str:
    """That fewer images were measured than asked for; empty if there were enough."""
    if asked is None or asked <= images:
        return ""
    return (
        f"{asked} images per set were asked for, but there are {images}: distances depend on the number of "
        "images, so compare them only with distances of as many"
    )
