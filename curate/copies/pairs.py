"""Fingerprints in; pairs of images that show the same out. Arrays in, arrays out.

Where the limits come from: docs/explanation/near-duplicates.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import compress, islice

import numpy as np
import numpy.typing as npt

from curate.copies.align import inner_place
from curate.copies.candidates import (
    Candidate,
    Fingerprints,
    Laid,
    Search,
    candidates_among,
    candidates_of,
    is_variant,
    laid,
    searches_of,
)
from curate.copies.closer import differ
from curate.copies.confirm import Copy, Kind, copied
from curate.copies.glance import alike
from curate.copies.groups import Pairs

LEAST_FRAME = 0.01  # of a side, by which the borders of a framed copy differ
TOGETHER = 64  # pairs compared before the groups are looked at again
LOOKED_AT = 1024  # pairs whose images are held for a closer look

# The `curate.copies.closer.CloserLook` of images, by their places in the fingerprints.
LooksOf = Callable[[Sequence[int]], Mapping[int, bytes]]
Found = tuple[Candidate, Laid, Copy | None]


def copies_among(
    prints: Fingerprints,
    new: npt.NDArray[np.bool_],
    near_bits: int,
    looks_of: LooksOf,
    *,
    colour_variants: bool = False,
) -> Pairs:
    """Pairs of images that are copies of each other, at least one of them new; enough to connect each group.

    A copy may be re-encoded, resized, framed, of other brightness or contrast, slightly rotated, mirrored,
    without its edges, or with a strip along one edge. An image in other colours counts as a copy only with
    `colour_variants`.

    Args:
        prints: of n images.
        new: (n,); pairs of which neither is new are known and left out.
        near_bits: how many of 256 bits may differ between the hashes of copies, once they are aligned.
        looks_of: asked about images whose thumbnails are copies.
        colour_variants: whether images that differ only in their colours are copies.
    """
    group = np.arange(len(new))
    pairs: list[tuple[int, int]] = []
    searches = searches_of(prints)
    waiting = sorted(candidates_among(searches, new, near_bits))

    def is_copy(found: Found) -> bool:
        return colour_variants and is_variant(found[0], searches, near_bits)

    with ThreadPoolExecutor() as pool:
        while waiting:  # refused copies leave pairs that their groups would have made needless
            found, waiting = _by_thumbnails(prints, waiting, group.copy(), near_bits, is_copy, pool)
            for pair in _by_closer_looks(found, looks_of, is_copy, pool):
                pairs.append((min(pair), max(pair)))
                _join(group, *pair)
            waiting = [pair for pair in waiting if _apart_in(group, pair)]
    return np.unique(np.asarray(pairs, np.int64).reshape(-1, 2), axis=0)


def _by_thumbnails(
    prints: Fingerprints,
    waiting: Sequence[Candidate],
    group: npt.NDArray[np.int64],
    near_bits: int,
    is_copy: Callable[[Found], bool],
    pool: Executor,
) -> tuple[list[Found], list[Candidate]]:
    """The copies on thumbnails that connect each group, and the other pairs within groups."""
    searches = searches_of(prints)
    left = iter(waiting)
    copies: list[Found] = []
    within: list[Candidate] = []
    while some := list(islice(_apart(left, group, within), TOGETHER)):
        how = [laid(prints, pair, searches[pair.search], near_bits) for pair in some]
        for found in zip(some, how, _confirmed(how, pool), strict=True):
            if (found[2] or is_copy(found)) and _apart_in(group, found[0]):
                copies.append(found)
                _join(group, found[0].part, found[0].whole)
            elif found[2] or is_copy(found):
                within.append(found[0])
    return copies, within


def _by_closer_looks(
    found: Sequence[Found], looks_of: LooksOf, is_copy: Callable[[Found], bool], pool: Executor
) -> Iterator[tuple[int, int]]:
    """Those of the pairs found on thumbnails that are copies."""
    for start in range(0, len(found), LOOKED_AT):
        some = found[start : start + LOOKED_AT]
        asked = [pair for pair in some if not is_copy(pair)]
        looks = looks_of(sorted({place for _, how, _ in asked for place in how.places}))

        def confirmed(pair: Found, looks: Mapping[int, bytes] = looks) -> bool:
            _, how, copy = pair
            part, whole = (looks[place] for place in how.places)
            return copy is not None and not differ(part, whole, copy, mirrored=how.mirrored)

        copies = dict(zip((pair[0] for pair in asked), pool.map(confirmed, asked), strict=True))
        yield from ((pair.part, pair.whole) for pair, _, _ in some if copies.get(pair, True))


def kinds_of(
    prints: Fingerprints, pairs: Pairs, near_bits: int, *, colour_variants: bool = False
) -> list[tuple[Kind, int] | None]:
    """How the images of each pair are copies, and how many bits apart at best, as `copies_among` finds.

    Args:
        prints: of n images.
        pairs: (k, 2) indices below n.
        near_bits: as for `copies_among`.
        colour_variants: likewise.

    Returns:
        One for each pair; None where only other images connect the two.
    """
    searches = searches_of(prints)
    candidates = candidates_of(pairs, searches, near_bits)

    def kind_of(some: list[Candidate]) -> tuple[Kind, int] | None:
        for pair in sorted(some):
            if found := _copy_of(prints, pair, searches[pair.search], near_bits):
                return found
        variants = [pair.bits for pair in some if is_variant(pair, searches, near_bits)]
        return (Kind.RECOLOURED, min(variants)) if colour_variants and variants else None

    with ThreadPoolExecutor() as pool:
        return list(pool.map(kind_of, candidates))


def _copy_of(
    prints: Fingerprints, pair: Candidate, search: Search, near_bits: int
) -> tuple[Kind, int] | None:
    found = _copied(laid(prints, pair, search, near_bits))
    return (_kind_of(prints, pair, search, found[0]), min(pair.bits, found[1])) if found else None


def _confirmed(some: Sequence[Laid], pool: Executor) -> list[Copy | None]:
    """How each of them is a copy on its thumbnails."""
    parts, wholes, cuts = ([getattr(each, name) for each in some] for name in ("part", "whole", "cut"))
    similar = alike(np.stack(parts), np.stack(wholes), np.stack(cuts))
    copies = pool.map(_copied, compress(some, similar))
    return [next(copies) if each else None for each in similar.tolist()]


def _copied(pair: Laid) -> Copy | None:
    return copied(pair.part, pair.whole, inner_place(pair.cut), pair.limit)


def _kind_of(prints: Fingerprints, pair: Candidate, search: Search, aligned: Kind) -> Kind:
    if search.kind in (Kind.MIRRORED, Kind.PART):
        return search.kind
    if aligned not in (Kind.NEAR, Kind.PART):
        return aligned
    framed = np.abs(prints.borders[pair.part] - prints.borders[pair.whole]).max() > LEAST_FRAME
    return Kind.FRAMED if framed else Kind.NEAR


def _apart(
    candidates: Iterator[Candidate], group: npt.NDArray[np.int64], within: list[Candidate]
) -> Iterator[Candidate]:
    """The candidates whose two images are not yet in one group; adds the others to `within`."""
    for pair in candidates:
        if _apart_in(group, pair):
            yield pair
        else:
            within.append(pair)


def _apart_in(group: npt.NDArray[np.int64], pair: Candidate) -> bool:
    return _root(group, pair.part) != _root(group, pair.whole)


def _root(group: npt.NDArray[np.int64], index: int) -> int:
    while group[index] != index:
        group[index] = group[group[index]]
        index = int(group[index])
    return index


def _join(group: npt.NDArray[np.int64], one: int, other: int) -> None:
    one, other = sorted((_root(group, one), _root(group, other)))
    group[other] = one
