"""The search looks at three of four words first, and finds what comparing all bits finds."""

import numpy as np
import pytest

from curate.copies.hash_search import TILE_COLUMNS, TILE_ROWS, close_pairs


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("bits", [0, 40, 64, 130])
def test_close_pairs_are_those_of_a_plain_comparison(once, bits):
    random = np.random.default_rng(3)
    hashes = random.integers(0, 2**64, (3 * TILE_ROWS + 5, 4), np.uint64)
    for row in range(20):  # some near another, in the last word alone or in all
        flipped = random.random(256) < row / 60
        flipped[:192] &= row % 2 == 0
        hashes[40 - row] = hashes[row] ^ np.packbits(flipped).view(np.uint64)
    new = random.random(len(hashes)) < 0.7
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None]).sum(axis=2, dtype=int)
    wanted = {
        (one, other)
        for one, other in zip(*np.nonzero(apart <= bits), strict=True)
        if one != other and (new[one] or new[other])
    }
    found = {tuple(pair) for pair in close_pairs(hashes, hashes, new, bits, once=once).tolist()}
    if once:
        assert {tuple(sorted(pair)) for pair in found} == {tuple(sorted(pair)) for pair in wanted}
    else:
        assert found == wanted


def test_a_pair_is_found_across_tiles():
    hashes = np.random.default_rng(4).integers(0, 2**64, (TILE_COLUMNS + TILE_ROWS, 4), np.uint64)
    hashes[-1] = hashes[0] ^ np.uint64(1)
    new = np.ones(len(hashes), bool)
    assert close_pairs(hashes, hashes, new, 32, once=True).tolist() == [[0, len(hashes) - 1]]
