"""Perceptual hashes (pHash, 256 bits): equal or nearly so for copies that were re-encoded, resized or dimmed.

An image is reduced to 64 x 64 grey pixels; the hash says which of its 16 x 16 lowest frequencies lie above
their median.
"""

import cv2
import numpy as np
import numpy.typing as npt

from fashion_pggan.storage.shards import Images

GREY_SIDE = 64  # pixels, of the image that is transformed
FREQUENCIES = 16  # kept along each axis
BITS = FREQUENCIES**2

Grey = npt.NDArray[np.float32]  # (64, 64)
Hash = npt.NDArray[np.uint8]  # (..., 32): 256 bits


def perceptual_hash(image: Images) -> Hash:
    """The hash of an image (h, w, 3) uint8: (32,)."""
    return hash_of_grey(grey_of(image))


def grey_of(image: Images) -> Grey:
    """An image (h, w, 3) uint8 reduced to (64, 64) grey levels."""
    small = cv2.resize(image, (GREY_SIDE, GREY_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)


def hash_of_grey(grey: Grey) -> Hash:
    """The hash of a reduced image: (32,)."""
    low = cv2.dct(np.ascontiguousarray(grey))[:FREQUENCIES, :FREQUENCIES]
    return np.packbits(low > np.median(low))


def bits_apart(some: Hash, others: Hash) -> npt.NDArray[np.int64]:
    """The number of differing bits; shapes (..., 32) broadcast as in NumPy."""
    differing = np.bitwise_count(some.view(np.uint64) ^ others.view(np.uint64))  # (..., 4)
    apart: npt.NDArray[np.int64] = differing.sum(axis=-1, dtype=np.int64)
    return apart
