"""Fingerprints by which copies are found: perceptual hashes, and a thumbnail to confirm them by."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels, reduced

Bits = npt.NDArray[np.uint8]  # (32,), 256 bits

REDUCED_SIDE = 64  # pixels, of the grey image that is transformed
HASH_SIDE = 16  # frequencies along each axis
INNER = 0.05  # of a side, cut off at each edge for the inner hash
THUMBNAIL_SIDE = 32  # pixels


@dataclass(frozen=True)
class Fingerprint:
    """What of an image survives re-encoding, resizing, mirroring, cropping."""

    phash: Bits
    phash_mirrored: Bits  # of the mirrored image
    phash_inner: Bits  # of the image without its edges
    thumbnail: npt.NDArray[np.uint8]  # (32, 32, 3), the whole image


def fingerprint_of(pixels: Pixels) -> Fingerprint:
    """The fingerprint of an upright image."""
    pixels = reduced(pixels)
    height, width, _ = pixels.shape
    top, left = round(height * INNER), round(width * INNER)
    inner = pixels[top : height - top, left : width - left]
    grey = _grey(pixels)
    return Fingerprint(
        phash=_phash(grey),
        phash_mirrored=_phash(grey[:, ::-1]),
        phash_inner=_phash(_grey(inner)),
        thumbnail=cv2.resize(pixels, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA),
    )


def _grey(pixels: Pixels) -> npt.NDArray[np.float32]:
    small = cv2.resize(pixels, (REDUCED_SIDE, REDUCED_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)


def _phash(grey: npt.NDArray[np.float32]) -> Bits:
    """256 bits: which of the 16 x 16 lowest frequencies of a cosine transform lie above their median."""
    low = cv2.dct(np.ascontiguousarray(grey))[:HASH_SIDE, :HASH_SIDE]
    return np.packbits(low > np.median(low))
