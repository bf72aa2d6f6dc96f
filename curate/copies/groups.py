"""Pairs of copies in; groups, and the best image of each, out."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]  # (k, 2), indices of images


def exact_copies(hashes: npt.NDArray[np.str_]) -> Pairs:
    """Pairs of images with the same pixels: each one with the first of them."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    pairs: Pairs = np.stack([first[group], np.arange(len(hashes))], axis=1)
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]])


def best_of_groups(count: int, pairs: Pairs, merits: Sequence[npt.NDArray[np.float64]]) -> Indices:
    """For each image the best of its group; the first among equally good ones.

    A group holds all images that copies connect: a copy of a copy shows the same. The confirmation is strict,
    so such chains stay short.

    Args:
        count: n, the number of images.
        pairs: copies of each other, as (k, 2) indices below n.
        merits: (n,) each, larger is better; the first one that differs decides.
    """
    order = np.lexsort((np.arange(count), *(-merit for merit in reversed(merits))))  # best first
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    best = rank.copy()  # of the group found so far
    while True:
        before = best.copy()
        np.minimum.at(best, pairs[:, 0], before[pairs[:, 1]])
        np.minimum.at(best, pairs[:, 1], before[pairs[:, 0]])
        best = best[order[best]]  # follow to the best of the whole group
        if np.array_equal(best, before):
            return np.asarray(order[best])
