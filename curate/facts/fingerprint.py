"""Fingerprints, which find copies: perceptual hashes, and a thumbnail that confirms the pairs found."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.borders import without_borders
from curate.pixels.measure import Pixels, reduced
from fashion_pggan.images.hashes.perceptual_hash import Hash, grey_of, hash_of_grey

NARROW, WIDE = 0.04, 0.08  # of a side, cut off at each edge for the inner hashes
THUMBNAIL_SIDE = 48  # pixels


@dataclass(frozen=True)
class Fingerprint:
    """What stays of an image after re-encoding, resizing, framing, mirroring or cropping."""

    phash: Hash  # perceptual hash, 256 bits, of the image without plain borders
    phash_whole: Hash  # of it with them
    phash_mirrored: Hash  # of its mirror image
    phash_narrow: Hash  # of it without 4 % at each edge
    phash_wide: Hash  # of it without 8 %
    borders: npt.NDArray[np.float32]  # (2,), above and at the left, as shares of the whole
    thumbnail: npt.NDArray[np.uint8]  # (48, 48, 3), of the image without them


def fingerprint_of(pixels: Pixels) -> Fingerprint:
    """The fingerprint of an upright image."""
    whole = reduced(pixels)
    pixels = np.ascontiguousarray(without_borders(whole))
    borders = (1 - np.divide(pixels.shape[:2], whole.shape[:2])) / 2
    grey = grey_of(pixels)
    whole_grey = grey_of(whole) if borders.any() else grey
    return Fingerprint(
        phash=hash_of_grey(grey),
        phash_whole=hash_of_grey(whole_grey),
        phash_mirrored=hash_of_grey(grey[:, ::-1]),
        phash_narrow=hash_of_grey(grey_of(_inner(pixels, NARROW))),
        phash_wide=hash_of_grey(grey_of(_inner(pixels, WIDE))),
        borders=borders.astype(np.float32),
        thumbnail=cv2.resize(pixels, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA),
    )


def _inner(pixels: Pixels, cut: float) -> Pixels:
    height, width, _ = pixels.shape
    top, left = round(height * cut), round(width * cut)
    return pixels[top : height - top, left : width - left]
