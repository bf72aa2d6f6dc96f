"""A square picture at all levels of the pyramid.

Source: Karras et al. 2018, the program's data preparation; docs/conformance.md.
"""

import cv2
import numpy as np
import numpy.typing as npt

from curate.measure import Pixels
from fashion_pggan.shards import SMALLEST


def levels_of(square: Pixels, resolution: int) -> dict[int, Pixels]:
    """Reduce a square picture to `resolution` and to every level below.

    The largest level is the area average; each other level is the mean of 2 x 2 boxes of the UNROUNDED level
    above. Each is rounded half to even.

    Args:
        square: (side, side, 3) with side at least `resolution`.
        resolution: side of the largest level in pixels, a power of two.

    Returns:
        Resolution -> (resolution, resolution, 3), largest first.

    Raises:
        ValueError: the picture would be enlarged.
    """
    side = square.shape[0]
    if side < resolution:
        raise ValueError(f"a square of {side} px cannot be reduced to {resolution} px")
    level = np.ascontiguousarray(square).astype(np.float32)
    if side != resolution:
        level = cv2.resize(level, (resolution, resolution), interpolation=cv2.INTER_AREA)
    levels = {}
    while True:
        levels[level.shape[0]] = _rounded(level)
        if level.shape[0] == SMALLEST:
            return levels
        half = level.shape[0] // 2
        level = level.reshape(half, 2, half, 2, 3).mean(axis=(1, 3), dtype=np.float32)


def _rounded(level: npt.NDArray[np.float32]) -> Pixels:
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)
