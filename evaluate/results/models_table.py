"""A comparison of two models as text and for JSON."""

from typing import Any

from evaluate.comparison.distances import Difference, plain
from evaluate.comparison.two_models import TwoModels
from evaluate.results.table import CELL
from fashion_pggan.storage.escaped import printable_lines

VERDICTS = {
    "new": "the new model is nearer to the real images",
    "former": "the former model is nearer to the real images",
    "": "neither is nearer: the interval of the difference holds 0, or there are too few images for one",
}


def models_text(found: TwoModels) -> str:
    """For a terminal: a row per model, the difference with its 95 % interval, and the verdict."""
    former, new = found.former.named(), found.new.named()
    lines = [
        " " * 12 + "".join(f"{name:>{CELL}}" for name in former),
        "former".ljust(12) + "".join(f"{each.value:>{CELL}.4f}" for each in former.values()),
        "new".ljust(12) + "".join(f"{each.value:>{CELL}.4f}" for each in new.values()),
        "difference".ljust(12) + "".join(f"{each.value:>+z{CELL}.4f}" for each in found.differences.values()),
        " " * 12 + "".join(f"{_interval(each):>{CELL}}" for each in found.differences.values()),
        about_images(found),
        VERDICTS[found.better],
    ]
    return printable_lines(line.rstrip() for line in lines)


def about_images(found: TwoModels) -> str:
    """Which images were measured, in a sentence."""
    if found.held_out:
        return (
            f"{found.images} images per set, held out (curate.held_out {found.held_out:g}); lower is better"
        )
    return (
        f"{found.images} images per set, none held out (curate.held_out is 0): a model is nearer to what "
        "it was trained on; lower is better"
    )


def models_facts(found: TwoModels) -> dict[str, Any]:
    """For JSON."""
    return {
        "better": found.better or None,
        "verdict": VERDICTS[found.better],
        "images": found.images,
        "held_out": found.held_out,
        "dataset_version": found.dataset_version,
        "former": {name: plain(each) for name, each in found.former.named().items()},
        "new": {name: plain(each) for name, each in found.new.named().items()},
        "difference": {name: _plain(each) for name, each in found.differences.items()},
    }


def _interval(difference: Difference) -> str:
    if difference.interval is None:
        return ""
    return "{:+.2f} to {:+.2f}".format(*difference.interval)


def _plain(difference: Difference) -> dict[str, float | None]:
    low, high = difference.interval or (None, None)
    numbers = {"value": difference.value, "low": low, "high": high}
    return {name: None if number is None else round(number, 4) for name, number in numbers.items()}
