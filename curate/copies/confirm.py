"""Decides that an image is a copy: two thumbnails in, the kind of copy out, if it is one."""

import math
from enum import StrEnum
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from curate.copies.align import Place, Thumbnail, inside_of, place_of, seen_at, turn_of
from curate.copies.differences import differences_of
from curate.facts.fingerprint import THUMBNAIL_SIDE
from fashion_pggan.images.hashes.perceptual_hash import grey_of, hash_of_grey

# The largest difference at any place, in what noise and edges explain; docs/explanation/near-duplicates.md.
MOST_LIGHT, MOST_COLOUR = 2.2, 1.4
COLOUR_BY_GAIN, COLOUR_CLIPPED = 4.0, 2.1  # colours that another contrast clips change with it, up to a bound
MOST_GAIN = 1.67  # of the contrast of one over that of the other
LEAST_COMMON = 0.5  # of the part
STRIP = 9  # rows of 48: the banner that a copy may have along its upper or lower edge
BANNER_WIDTH, BANNER_LEVELS = 0.5, 24  # of the image; grey levels: what a banner changes at least
TURNED = 0.4  # degrees, from which on a copy counts as rotated


class Kind(StrEnum):
    """How one image is a copy of another."""

    NEAR = "near"  # re-encoded, resized, of another contrast
    ROTATED = "rotated"  # slightly
    FRAMED = "framed"  # with plain borders, or without them
    MIRRORED = "mirrored"
    PART = "part"  # without its edges
    BANNER = "banner"  # with a strip along its upper or lower edge
    RECOLOURED = "recoloured"  # of other colours, where these count as copies


ALL_ROWS = slice(0, THUMBNAIL_SIDE)


class Copy(NamedTuple):
    """How one thumbnail copies another."""

    kind: Kind
    bits: int  # of 256 in which the hashes of what both show differ, once aligned
    place: Place  # of the part in the whole
    rows: slice = ALL_ROWS  # of the thumbnails, which agree


def copied(part: Thumbnail, whole: Thumbnail, start: Place, bits: int) -> Copy | None:
    """How the part copies the whole; None: not at all.

    Args:
        part: a thumbnail.
        whole: another, with at least as much of the scene.
        start: where the part is looked for in the whole.
        bits: of 256 that may differ.
    """
    place = place_of(part, whole, start)
    found = _aligned(part, whole, place) if place is not None else None
    same = bool(start[0, 0] == start[1, 1] == 1)
    if place is not None and found is not None:
        kind = (Kind.ROTATED if turn_of(place) > TURNED else Kind.NEAR) if same else Kind.PART
        return Copy(kind, found, place) if found <= bits else None
    without = _without_banner(part, whole, start) if same else None
    return without if without is not None and without.bits <= bits else None


def _aligned(part: Thumbnail, whole: Thumbnail, place: Place) -> int | None:
    """The bits apart of a part and what the whole shows at its place; None if they differ."""
    found, mask = seen_at(whole, place)
    inside = inside_of(mask, 1)
    if inside.mean() < LEAST_COMMON or _differ(part, found, inside.astype(np.bool_)):
        return None
    return _bits_apart(part, found, inside)


def _without_banner(one: Thumbnail, other: Thumbnail, place: Place) -> Copy | None:
    """How images agree but for a strip across one edge, which one has as a banner."""
    changed = cv2.absdiff(one, other).max(axis=2) > BANNER_LEVELS
    for rest in (slice(STRIP, THUMBNAIL_SIDE), slice(0, THUMBNAIL_SIDE - STRIP)):
        strip = slice(0, STRIP) if rest.start else slice(THUMBNAIL_SIDE - STRIP, THUMBNAIL_SIDE)
        inside = np.ones_like(changed[rest])
        wide = changed[strip].any(axis=0).mean() >= BANNER_WIDTH
        if wide and not _differ(one[rest], other[rest], inside):
            bits = _bits_apart(one[rest], other[rest], inside.astype(np.uint8))
            return Copy(Kind.BANNER, bits, place, rest)
    return None


def _differ(one: Thumbnail, other: Thumbnail, inside: npt.NDArray[np.bool_]) -> bool:
    """Whether aligned images differ by more than copies do, in any place."""
    found = differences_of(one, other, inside)
    if not 1 / MOST_GAIN < found.gain < MOST_GAIN:
        return True
    colour = min(MOST_COLOUR + COLOUR_BY_GAIN * abs(math.log(found.gain)), COLOUR_CLIPPED)
    return bool(found.light.max() > MOST_LIGHT or found.colour.max() > colour)


def _bits_apart(one: Thumbnail, other: Thumbnail, inside: npt.NDArray[np.uint8]) -> int:
    """Of 256 bits, those in which the hashes of what both show differ."""
    left, top, width, height = cv2.boundingRect(inside)
    seen = np.s_[top : top + height, left : left + width]
    shown = inside[seen][..., None]
    hashes = [hash_of_grey(grey_of(image[seen] * shown)) for image in (one, other)]
    return int(np.bitwise_count(hashes[0] ^ hashes[1]).sum())
