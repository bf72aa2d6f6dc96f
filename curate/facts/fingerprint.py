"""Fingerprints, which find copies: perceptual hashes, and a thumbnail that confirms the pairs found."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels, reduced
from fashion_pggan.images.hashes.perceptual_hash import Hash, grey_of, hash_of_grey

INNER = 0.05  # of a side, cut off at each edge for the inner hash
THUMBNAIL_SIDE = 32  # pixels


@dataclass(frozen=True)
class Fingerprint:
    """What stays of an image after re-encoding, resizing, mirroring or cropping."""

    phash: Hash  # perceptual hash, 256 bits
    phash_mirrored: Hash  # of the mirrored image
    phash_inner: Hash  # of the image without its edges
    thumbnail: npt.NDArray[np.uint8]  # (32, 32, 3), the whole image


def fingerprint_of(pixels: Pixels) -> Fingerprint:
    """The fingerprint of an upright image."""
    pixels = reduced(pixels)
    height, width, _ = pixels.shape
    top, left = round(height * INNER), round(width * INNER)
    inner = pixels[top : height - top, left : width - left]
    grey = grey_of(pixels)
    return Fingerprint(
        phash=hash_of_grey(grey),
        phash_mirrored=hash_of_grey(grey[:, ::-1]),
        phash_inner=hash_of_grey(grey_of(inner)),
        thumbnail=cv2.resize(pixels, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA),
    )
