"""Brightness, colour and contrast of two sets of images, which the sliced Wasserstein distance normalises."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import ttest_ind

from evaluate.sets.image_set import Advance, ImageSet

CHANNELS = ("red", "green", "blue")
FEWEST = 8  # images of a set; fewer say nothing about another set
AT_ONCE = 256  # images
LEVEL = 0.95  # of the intervals

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tone:
    """A statistic of the images of one set beside that of another, in grey levels of 255."""

    channel: str
    generated: float  # mean over the images
    real: float
    spread: float  # standard deviation over the real images
    low: float  # of the difference: the ends of its 95 % interval
    high: float
    chance: float  # probability of such a difference between equal sets (Welch's test)

    def plain(self) -> dict[str, Any]:
        """The numbers for JSON."""
        numbers = {
            name: round(number, 3) for name, number in vars(self).items() if name not in ("channel", "chance")
        }
        return {**numbers, "chance": float(f"{self.chance:.3g}")}


def tones(generated: ImageSet, real: ImageSet, advance: Advance = lambda _: None) -> dict[str, Any] | None:
    """Compare the mean and the contrast (standard deviation over the pixels) of each colour channel.

    Args:
        generated: images.
        real: images.
        advance: called with the number of images that were done.

    Returns:
        `mean` and `contrast`: each channel's `Tone`; None for sets of fewer than 8 images.
    """
    if min(generated.count, real.count) < FEWEST:
        return None
    made, given = (_statistics(each, advance) for each in (generated, real))
    return {
        name: {
            channel: _tone(channel, made[:, kind, place], given[:, kind, place]).plain()
            for place, channel in enumerate(CHANNELS)
        }
        for kind, name in enumerate(("mean", "contrast"))
    }


def _tone(channel: str, made: Floats, given: Floats) -> Tone:
    """Equal values on both sides are no difference, for which Welch's test has no number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a set of flat images of one colour
        found = ttest_ind(made, given, equal_var=False)
        low, high = found.confidence_interval(LEVEL)
    apart = float(made.mean() - given.mean())
    certain = not np.isfinite(found.pvalue)
    return Tone(
        channel,
        float(made.mean()),
        float(given.mean()),
        float(given.std(ddof=1)),
        apart if certain else float(low),
        apart if certain else float(high),
        float(apart == 0) if certain else float(found.pvalue),
    )


def _statistics(images: ImageSet, advance: Advance) -> Floats:
    """Mean and deviation of each image and channel: (n, 2, 3)."""
    found = []
    for start in range(0, images.count, AT_ONCE):
        pixels = images.read(range(start, min(start + AT_ONCE, images.count)))
        flat = pixels.reshape(len(pixels), -1, len(CHANNELS)).astype(np.float32)
        found.append(np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1))
        advance(len(pixels))
    return np.concatenate(found).astype(np.float64)
