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

SMOOTHED = 0.7  # pixels
WINDOW = (3, 3)  # pixels, of a place
NOISE = 4.0  # grey levels that a place may differ
ADRIFT = 0.5  # pixels by which edges may be displaced
PULL = 25.0  # squared grey levels, towards a gain of 1 where an image is plain
DARK, BRIGHT = 8, 247  # grey levels beyond which a value may be clipped
LEAST_UNCLIPPED = 0.03  # of all values, to fit by


class Differences(NamedTuple):
    """How much two aligned images differ at each place: 1 is what noise and edges explain."""

    light: Floats  # (h, w)
    colour: Floats  # (h, w)
    gain: float  # of the contrast of one over that of the other, at least 1 unless one is the negative


def differences_of(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], inside: Mask) -> Differences:
    """Compare images of one size, apart from brightness and contrast, where both show something."""
    x, y = (cv2.GaussianBlur(image, (0, 0), SMOOTHED).astype(np.float32) for image in (one, other))
    fitted = inside[..., None] & (np.minimum(x, y) > DARK) & (np.maximum(x, y) < BRIGHT)  # (h, w, 3)
    if fitted.sum() < LEAST_UNCLIPPED * x.size:
        fitted = np.broadcast_to(inside[..., None], x.shape)
    gain, offset = _fit(x, y, fitted)
    if gain < 1:  # more contrast clips, less does not bring back: predict the clipped one
        x, y = y, x
        gain, offset = _fit(x, y, fitted)
    lit = gain * x + offset
    light, colour = _apart(np.clip(lit, 0, 255) - y)
    across, down = (_apart(cv2.Sobel(lit, cv2.CV_32F, *axes, scale=1 / 8)) for axes in ((1, 0), (0, 1)))
    return Differences(
        _relative(light, (across[0], down[0]), inside),
        _relative(colour, (across[1], down[1]), inside),
        gain,
    )


def _fit(x: Floats, y: Floats, where: Mask) -> tuple[float, float]:
    """Gain and offset that make `x` most like `y`."""
    x, y = x[where], y[where]
    x_mean, y_mean = x.mean(), y.mean()
    gain = (((x - x_mean) * (y - y_mean)).mean() + PULL) / (x.var() + PULL)
    return float(gain), float(y_mean - gain * x_mean)


def _apart(values: Floats) -> tuple[Floats, Floats]:
    """The grey part (h, w, 1) and the rest (h, w, 3)."""
    grey = _summed(values)[..., None] / np.float32(3)
    return grey, values - grey


def _relative(difference: Floats, slopes: tuple[Floats, Floats], inside: Mask) -> Floats:
    explained = NOISE + ADRIFT * np.sqrt(_mean_square(slopes[0], inside) + _mean_square(slopes[1], inside))
    return np.asarray(np.where(inside, np.sqrt(_mean_square(difference, inside)) / explained, 0), np.float32)


def _mean_square(values: Floats, inside: Mask) -> Floats:
    """Around each place; sums that run along a row may round to less than 0."""
    square = cv2.blur(np.where(inside, _summed(values * values), 0), WINDOW)
    return np.asarray(np.maximum(square, 0), np.float32)


def _summed(values: Floats) -> Floats:
    """Over the channels, (h, w): several times faster than NumPy's sum along a short axis."""
    return np.asarray(cv2.transform(values, np.ones((1, values.shape[2]))), np.float32)
