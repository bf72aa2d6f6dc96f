"""Perceptual hashes in; pairs that differ in few bits out. Every pair is compared."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from curate.copies.groups import Indices, Pairs

Words = npt.NDArray[np.uint64]  # (n, 4): 256 bits each

TILE_ROWS, TILE_COLUMNS = 16, 4096  # hashes compared at once, few enough to stay in the processor's cache
FIRST_WORDS = 3  # of 4: they rule out nearly all pairs, and the fourth is compared for the rest


def close_pairs(
    one: Words,
    other: Words,
    new: npt.NDArray[np.bool_],
    bits: int,
    *,
    once: bool = False,
    rows: npt.NDArray[np.bool_] | None = None,
) -> Pairs:
    """Pairs (i, j), i != j, in which `one[i]` and `other[j]` differ in at most `bits`, and i or j is new.

    Args:
        one: (n, 4) hashes.
        other: (n, 4) hashes.
        new: (n,).
        bits: of 256.
        once: look at (i, j) or (j, i), not at both: one says what the other says.
        rows: (n,) the hashes of `one` that are compared; None: all. Not together with `once`.
    """
    known, fresh = np.flatnonzero(~new), np.flatnonzero(new)
    chosen = np.ones(len(one), np.bool_) if rows is None else rows
    found = [_search(one, other, fresh[chosen[fresh]], np.concatenate([fresh, known]), bits, once=once)]
    if not once:  # known hashes are compared with new ones only
        found.append(_search(one, other, known[chosen[known]], fresh, bits))
    pairs = np.concatenate([np.empty((0, 2), np.int64), *found])
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return np.asarray(pairs[bits_of(one, other, pairs) <= bits])


def bits_of(one: Words, other: Words, pairs: Pairs) -> npt.NDArray[np.int64]:
    """The number of bits in which `one[i]` and `other[j]` differ, for each pair (i, j)."""
    return np.asarray(np.bitwise_count(one[pairs[:, 0]] ^ other[pairs[:, 1]]).sum(axis=1, dtype=np.int64))


def _search(
    one: Words, other: Words, rows: Indices, columns: Indices, bits: int, *, once: bool = False
) -> Pairs:
    """Pairs from `rows` and `columns` whose first words differ in at most `bits`; tile by tile.

    With `once` the columns begin with the rows, and each row is compared with those from its own on.
    """
    across = np.ascontiguousarray(other[columns, :FIRST_WORDS].T)  # (3, m)

    def search(start: int) -> Pairs:
        block = rows[start : start + TILE_ROWS]
        size = len(block), TILE_COLUMNS
        different, counts, total = (
            np.empty(size, np.uint64),
            np.empty(size, np.uint8),
            np.empty(size, np.uint8),
        )
        found = [np.empty((0, 2), np.int64)]
        for begin in range(start if once else 0, len(columns), TILE_COLUMNS):
            tile = np.s_[:, : min(TILE_COLUMNS, len(columns) - begin)]
            for word, there in enumerate(across[:, begin : begin + TILE_COLUMNS]):
                np.bitwise_xor(one[block, word, None], there, out=different[tile])
                np.bitwise_count(different[tile], out=counts[tile] if word else total[tile])
                if word:
                    np.add(total[tile], counts[tile], out=total[tile])
            close = total[tile] <= bits
            row, column = np.divmod(
                np.flatnonzero(close), close.shape[1]
            )  # np.nonzero is slower than all above
            found.append(np.stack([block[row], columns[column + begin]], axis=1))
        return np.concatenate(found)

    with ThreadPoolExecutor() as pool:
        return np.concatenate([np.empty((0, 2), np.int64), *pool.map(search, range(0, len(rows), TILE_ROWS))])
