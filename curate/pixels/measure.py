"""Plain measures of a file's header and of pixels."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # (height, width, 3), RGB

LOOKED_AT = 512  # pixels, long side of the reduction that most measures use
REDUCED_SIDE = 64  # pixels
# Mean of the example luminance table in the JPEG standard (ITU-T T.81, table K.1), quality 50.
STANDARD_TABLE_MEAN = 57.625


@dataclass(frozen=True)
class Header:
    """What a file says about itself."""

    format: str  # Pillow's name
    width: int  # pixels, upright
    height: int  # pixels, likewise
    animated: bool  # whether it has several frames
    stored_width: int = 0  # pixels, before it is turned upright
    stored_height: int = 0  # pixels, likewise
    jpeg_quality: int | None = None  # 1 to 100, estimated


def reduced(pixels: Pixels, long_side: int = LOOKED_AT) -> Pixels:
    """The image by area averaging, its long side at most `long_side`; itself when it is small already.

    Halving it as often as possible is many times faster than one large step.
    """
    height, width, _ = pixels.shape
    while max(height, width) >= 2 * long_side and not (height % 2 or width % 2):
        height, width = height // 2, width // 2
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    scale = long_side / max(height, width)
    if scale >= 1:
        return pixels
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def pixels_hash(pixels: Pixels) -> str:
    """SHA-256 of size and pixels: equal for equal images in any encoding."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def deviation_of(pixels: Pixels) -> float:
    """Largest standard deviation of a colour channel, in grey levels, of a 64 x 64 reduction.

    For example: 0.8 for a shop's grey placeholder, 3.9 for white cloth on white, above 13 for photographs.
    """
    small = cv2.resize(reduced(pixels), (REDUCED_SIDE, REDUCED_SIDE), interpolation=cv2.INTER_AREA)
    return float(small.reshape(-1, 3).std(axis=0).max())


def jpeg_quality_of(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality setting that gives a luminance table of this coarseness, scaled as usual.

    Args:
        tables: quantisation tables by number; the first is that of the luminance.
    """
    if not tables or len(tables[min(tables)]) != 64:
        return None
    scale = float(np.mean(tables[min(tables)])) / STANDARD_TABLE_MEAN
    quality = 50 / scale if scale > 1 else 100 - 50 * scale
    return int(min(max(round(quality), 1), 100))
