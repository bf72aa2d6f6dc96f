"""Perceptual hashes: what of an image survives being darkened, softened or encoded again."""

import cv2
import numpy as np
import numpy.typing as npt

from fashion_pggan.storage.shards import Images

HASHED_SIDE, KEPT_SIDE = 64, 16  # pixels that are transformed, lowest frequencies kept per axis
BITS = KEPT_SIDE**2

Hash = npt.NDArray[np.uint64]  # (..., 4): 256 bits


def hash_of(image: Images) -> Hash:
    """Which low frequencies of the brightness of an image (r, r, 3) are above their median: (4,)."""
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (HASHED_SIDE, HASHED_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:KEPT_SIDE, :KEPT_SIDE].flatten()
    return np.packbits(low > np.median(low)).view(np.uint64)


def bits_apart(some: Hash, others: Hash) -> npt.NDArray[np.int64]:
    """In how many of 256 bits hashes differ; shapes (..., 4) as NumPy broadcasts them."""
    apart: npt.NDArray[np.int64] = np.bitwise_count(some ^ others).sum(axis=-1, dtype=np.int64)
    return apart
