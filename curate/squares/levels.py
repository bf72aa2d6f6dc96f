"""A square image at all levels of the pyramid.

Source: Karras et al. 2018, the program's data preparation; docs/reference/conformance.md.
"""

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels
from fashion_pggan.storage.shards import SMALLEST, levels_up_to

Flat = npt.NDArray[np.uint8]  # all levels of an image one after another, largest first


def levels_of(square: Pixels, resolution: int, *, enlarge: bool = False) -> dict[int, Pixels]:
    """Reduce a square image to `resolution` and to every level below.

    The largest level is the area average, or cubic interpolation where the square is enlarged; each other
    level is the mean of 2 x 2 boxes of the UNROUNDED level above. Each is rounded half to even.

    Args:
        square: (side, side, 3).
        resolution: side of the largest level in pixels, a power of two.
        enlarge: whether the square may be smaller than that.

    Returns:
        Resolution -> (resolution, resolution, 3), largest first.

    Raises:
        ValueError: the square would be enlarged, but `enlarge` is false.
    """
    side = square.shape[0]
    if side < resolution and not enlarge:
        raise ValueError(f"a square of {side} px cannot be reduced to {resolution} px")
    level = np.ascontiguousarray(square).astype(np.float32)
    if side != resolution:
        how = cv2.INTER_AREA if side > resolution else cv2.INTER_CUBIC
        level = cv2.resize(level, (resolution, resolution), interpolation=how)
        if how == cv2.INTER_CUBIC:  # a mean stays between 0 and 255
            level = np.clip(level, 0, 255)
    levels = {}
    while True:
        levels[level.shape[0]] = _rounded(level)
        if level.shape[0] == SMALLEST:
            return levels
        half = level.shape[0] // 2
        level = cv2.resize(level, (half, half), interpolation=cv2.INTER_AREA)


def flat_of(levels: Mapping[int, Pixels]) -> Flat:
    """The levels as one array, largest first."""
    return np.concatenate([levels[side].ravel() for side in sorted(levels, reverse=True)])


def levels_in(flat: Flat, resolution: int) -> dict[int, Pixels]:
    """The levels that `flat_of` was given, as views."""
    levels, start = {}, 0
    for side in reversed(levels_up_to(resolution)):
        size = 3 * side**2
        levels[side] = flat[start : start + size].reshape(side, side, 3)
        start += size
    return levels


def _rounded(level: npt.NDArray[np.float32]) -> Pixels:
    return np.rint(level).astype(np.uint8)
