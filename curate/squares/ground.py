"""The ground of an image, continued beyond its edges.

As the paper extends the photographs of CelebA-HQ (Karras et al. 2018, appendix C): mirrored, then blurred.
"""

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels

BLUR = 1 / 16  # of the image's height: what is smoothed away far from the edge


def widened(pixels: Pixels, left: int, right: int, gaps: tuple[float, float]) -> Pixels:
    """An image with columns added on both sides.

    Args:
        pixels: (h, w, 3).
        left: columns to add.
        right: columns to add.
        gaps: columns of ground on the left and on the right, up to the garment, which is not mirrored.
    """
    width = pixels.shape[1]
    first, last = (min(max(int(gap), 1), width) for gap in gaps)
    before = _beyond(pixels[:, :first], left)[:, ::-1]
    after = _beyond(pixels[:, ::-1][:, :last], right)
    return np.ascontiguousarray(np.concatenate([before, pixels, after], axis=1))


def _beyond(ground: Pixels, count: int) -> Pixels:
    """Columns that go on from the first column of `ground`, the nearest first."""
    if not count:
        return ground[:, :0]
    height, gap, _ = ground.shape
    away = np.arange(count)
    folded = away % (2 * gap)
    bar = ground[:, np.where(folded < gap, folded, 2 * gap - 1 - folded)]
    blurred = _blurred(bar, max(round(height * BLUR), 1))
    share = np.minimum(away / gap, 1)[None, :, None]  # sharp where it is mirrored once, smooth beyond
    return np.asarray(np.rint(bar * (1 - share) + blurred * share), np.uint8)


def _blurred(bar: Pixels, scale: int) -> npt.NDArray[np.float32]:
    """Details below `scale` pixels averaged away."""
    height, width, _ = bar.shape
    size = max(width // scale, 1), max(height // scale, 1)
    few = cv2.resize(bar.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
