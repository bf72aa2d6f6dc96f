"""Two aligned thumbnails in; where they differ out: in light, in colour, or in a strip along an edge.

An encoder, another size or another contrast changes an image a little everywhere, most at edges. Another
print changes one region much. So each place counts by itself, and may differ as much as its edges explain.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

PULL = 25.0  # squared grey levels, towards a gain of 1 where an image is plain
DARK, BRIGHT = 8, 247  # grey levels beyond which a value may be clipped
ROUNDS, FITTED = 6, 8192  # of trimming; values, of which the fit needs no more
LEAST_UNCLIPPED = 0.03  # of all values, to fit by


class Limits(NamedTuple):
    """What is explained at each place."""

    smoothed: float  # pixels, by which both are smoothed first
    window: int  # pixels, side of a place
    noise: float  # grey levels that a place may differ
    usual: float  # how much more, in what places usually differ
    adrift: float  # pixels by which edges may be displaced
    trimmed: float  # share of values that one contrast for all need not explain


THUMBNAILS = Limits(smoothed=0.7, window=3, noise=4.0, usual=0.0, adrift=0.5, trimmed=0.0)


class Differences(NamedTuple):
    """How much two aligned images differ at each place: 1 is what noise and edges explain."""

    light: Floats  # (h, w)
    colour: Floats  # (h, w)
    gain: float  # of the contrast of one over that of the other, at least 1 unless one is the negative


def differences_of(
    one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], inside: Mask, limits: Limits = THUMBNAILS
) -> Differences:
    """Compare images of one size, apart from brightness and contrast, where both show something."""
    x, y = (cv2.GaussianBlur(image, (0, 0), limits.smoothed).astype(np.float32) for image in (one, other))
    fitted = inside[..., None] & (np.minimum(x, y) > DARK) & (np.maximum(x, y) < BRIGHT)  # (h, w, 3)
    if fitted.sum() < LEAST_UNCLIPPED * x.size:
        fitted = np.broadcast_to(inside[..., None], x.shape)
    gain, offset = _fit(x[fitted], y[fitted], limits.trimmed)
    if gain < 1:  # more contrast clips, less does not bring back: predict the clipped one
        x, y = y, x
        gain, offset = _fit(x[fitted], y[fitted], limits.trimmed)
    lit = gain * x + offset
    light, colour = _apart(np.clip(lit, 0, 255) - y)
    across, down = (_apart(cv2.Sobel(lit, cv2.CV_32F, *axes, scale=1 / 8)) for axes in ((1, 0), (0, 1)))
    return Differences(
        _relative(light, (across[0], down[0]), inside, limits),
        _relative(colour, (across[1], down[1]), inside, limits),
        gain,
    )


def _fit(x: Floats, y: Floats, trimmed: float) -> tuple[float, float]:
    """Gain and offset that make `x` most like `y`, but for a share of the values: (k,) each.

    With a share trimmed, the values that differ least count, first without any gain: so another print is not
    taken for another contrast.
    """
    if not trimmed:
        return _least_squares(x, y)
    step = max(len(x) // FITTED, 1)
    x, y = x[::step], y[::step]
    gain, offset = 1.0, float(np.median(y - x))
    last = int((len(x) - 1) * (1 - trimmed))  # of the values kept, by how much they differ
    for _ in range(ROUNDS):
        apart = np.abs(gain * x + offset - y)
        kept = apart <= np.partition(apart, last)[last]
        gain, offset = _least_squares(x[kept], y[kept])
    return gain, offset


def _least_squares(x: Floats, y: Floats) -> tuple[float, float]:
    x_mean, y_mean = x.mean(), y.mean()
    away = x - x_mean
    gain = ((away * (y - y_mean)).mean() + PULL) / ((away * away).mean() + PULL)
    return float(gain), float(y_mean - gain * x_mean)


def _apart(values: Floats) -> tuple[Floats, Floats]:
    """The grey part (h, w, 1) and the rest (h, w, 3)."""
    grey = _summed(values)[..., None] / np.float32(3)
    return grey, values - grey


def _relative(difference: Floats, slopes: tuple[Floats, Floats], inside: Mask, limits: Limits) -> Floats:
    apart = np.sqrt(_mean_square(difference, inside, limits))
    edges = np.sqrt(sum(_mean_square(slope, inside, limits) for slope in slopes))
    explained = limits.noise + limits.adrift * edges
    if limits.usual and inside.any():
        explained += limits.usual * np.median(apart[inside])
    return np.asarray(np.where(inside, apart / explained, 0), np.float32)


def _mean_square(values: Floats, inside: Mask, limits: Limits) -> Floats:
    """Around each place; sums that run along a row may round to less than 0."""
    square = cv2.blur(np.where(inside, _summed(values * values), 0), (limits.window, limits.window))
    return np.asarray(np.maximum(square, 0), np.float32)


def _summed(values: Floats) -> Floats:
    """Over the channels, (h, w): several times faster than NumPy's sum along a short axis."""
    return np.asarray(cv2.transform(values, np.ones((1, values.shape[2]))), np.float32)
