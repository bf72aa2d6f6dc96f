"""Copies that were moved, zoomed, rotated, blended or pasted: candidates are aligned, then compared.

Only details are compared: different garments have the same large shapes, but not the same details.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from evaluate.measures.shortlist import SIDE, Candidates, Floats, Indices, candidates_of, details_of
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.images.hashes.perceptual_hash import bits_apart, perceptual_hash
from fashion_pggan.storage.shards import Images
from generate.checks.neighbours import is_copy
from generate.sampling.sampler import workers

ALIGNED_SIDE = 32  # pixels; smaller images have too few details
WIDTH = 1.0  # pixels, of the Gaussian filter whose result is subtracted
COARSE = 2.0  # of the details that find candidates and align them
CANDIDATES = 8  # training images aligned with an image
AT_ONCE = 128  # images
# Correlations above which an image is a copy; of 1,500 photographs hardly one is as like another
# (benchmarks/README.md): as found, in a half as found, and after a search for zoom and rotation.
MOVED, HALF, WARPED = 0.72, 0.89, 0.82
STEPS = cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-3
SMOOTHED = 5  # pixels, of the filter before the search
MOST_ZOOM, MOST_SKEW = 1.25, 0.12
EDGE = 1  # pixels left out where the training image ends
LEAST_COMMON, LEAST_OF_HALF = 0.4, 0.7  # of the pixels
FAINT = 5.0  # grey levels, deviation of details below which they count less

Mask = npt.NDArray[np.bool_]
_SIZE = (ALIGNED_SIDE, ALIGNED_SIDE)
_MIDDLE = ALIGNED_SIDE // 2
_SEAM = 1  # pixels beside the middle, which both halves of a pasted image blur
_HALVES = (
    np.s_[: _MIDDLE - _SEAM],
    np.s_[_MIDDLE + _SEAM :],
    np.s_[:, : _MIDDLE - _SEAM],
    np.s_[:, _MIDDLE + _SEAM :],
)


@dataclass(frozen=True)
class Alike:
    """The training image whose details are most like those of each of n images, once aligned."""

    index: Indices  # (n,) in the training set; -1: none
    mirrored: npt.NDArray[np.bool_]  # (n,)
    likeness: npt.NDArray[np.float64]  # (n,) from 1 on a copy


def alike(
    images: ImageSet, training: ImageSet, *, among: bool = False, advance: Advance = lambda _: None
) -> Alike:
    """Align each image of a set, and its mirror image, with the likeliest training images.

    Args:
        images: of 32 px or more.
        training: of the same resolution.
        among: whether they are the first images of the training set; their own copies are passed over then.
        advance: called with the number of images that were done.
    """
    coarse = _coarse(training)
    found: list[tuple[int, bool, float]] = []
    for start in range(0, images.count, AT_ONCE):
        indices = range(start, min(start + AT_ONCE, images.count))
        pixels = images.read(indices)
        sides = [pixels, np.ascontiguousarray(pixels[:, :, ::-1])]
        details = np.concatenate([details_of(each, SIDE, COARSE) for each in sides])
        listed = candidates_of(details, coarse, CANDIDATES, [*indices, *indices] if among else None)
        look_up = partial(_most_alike, sides, listed, training.read, among)
        found += workers().map(look_up, range(len(pixels)))
        advance(len(pixels))
    index, mirrored, likeness = (np.array(column) for column in zip(*found, strict=True))
    return Alike(index, mirrored, likeness)


def likeness_of(image: Images, training: Images, moved: Indices) -> float:
    """How alike the details of two images (r, r, 3) are; from 1 on they show the same, or a half of it.

    Args:
        image: of 32 px or more.
        training: of the training set.
        moved: rows and columns from the image to the training image, in pixels of 32.
    """
    pair = np.stack([image, training])
    one, other = details_of(pair, ALIGNED_SIDE, WIDTH)
    place = np.array([[1, 0, moved[1]], [0, 1, moved[0]]], np.float32)
    found, seen = _seen_at(other, place)
    moved_alike = _correlation(one, found, seen) / MOVED
    halves = max(_correlation(one[half], found[half], seen[half], LEAST_OF_HALF) for half in _HALVES) / HALF
    wide, of_other = details_of(pair, ALIGNED_SIDE, COARSE)
    warped = _warped(wide, of_other, place)
    if warped is None:
        return max(moved_alike, halves)
    return max(moved_alike, halves, _correlation(one, *_seen_at(other, warped)) / WARPED)


def _coarse(training: ImageSet) -> Floats:
    parts = (
        range(start, min(start + AT_ONCE, training.count)) for start in range(0, training.count, AT_ONCE)
    )
    return np.concatenate([details_of(training.read(part), SIDE, COARSE) for part in parts])


def _most_alike(
    sides: list[Images], listed: Candidates, read: Callable[[range], Images], among: bool, place: int
) -> tuple[int, bool, float]:
    """Index, whether mirrored, and likeness of the training image most like one of the images."""
    best = -1, False, 0.0
    for mirrored, row, rank in _order(listed, place, len(sides[0])):
        index = int(listed.index[row, rank])
        image, other = sides[mirrored][place], read(range(index, index + 1))[0]
        moved = listed.moved[row, rank] * (ALIGNED_SIDE // SIDE)
        likeness = likeness_of(image, other, moved)
        if likeness > best[2] and not (among and likeness >= 1 and _plain_copy(image, other)):
            best = index, bool(mirrored), likeness
    return best


def _order(listed: Candidates, place: int, count: int) -> list[tuple[int, int, int]]:
    """The candidates of an image, the likeliest first: whether mirrored, row and rank."""
    order = [
        (-float(likeness), mirrored, rank)
        for mirrored in (0, 1)
        for rank, likeness in enumerate(listed.likeness[place + mirrored * count])
    ]
    return [(mirrored, place + mirrored * count, rank) for _, mirrored, rank in sorted(order)[:CANDIDATES]]


def _plain_copy(one: Images, other: Images) -> bool:
    """Whether pixels or hashes find the copy, too."""
    bits = int(bits_apart(perceptual_hash(one), perceptual_hash(other)))
    return is_copy(float(np.sqrt(np.square(one.astype(float) - other).mean())), bits)


def _warped(one: Floats, other: Floats, start: Floats) -> Floats | None:
    """Where one image lies in the other: moved, zoomed, rotated; None when it does not fit anywhere."""
    try:
        _, found = cv2.findTransformECC(one, other, start.copy(), cv2.MOTION_AFFINE, STEPS, None, SMOOTHED)
    except cv2.error:  # it does not converge
        return None
    zooms, skews = (found[0, 0], found[1, 1]), (found[0, 1], found[1, 0])
    likely = min(zooms) > 1 / MOST_ZOOM and max(zooms) < MOST_ZOOM and max(map(abs, skews)) < MOST_SKEW
    return np.asarray(found, np.float32) if likely else None


def _seen_at(details: Floats, place: Floats) -> tuple[Floats, Mask]:
    """What a training image shows at the place of an image, and where it shows anything."""
    found = cv2.warpAffine(details, place, _SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    inside = np.zeros(_SIZE, np.uint8)
    inside[EDGE:-EDGE, EDGE:-EDGE] = 1
    seen = cv2.warpAffine(inside, place, _SIZE, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return np.asarray(found, np.float32), seen.astype(np.bool_)


def _correlation(one: Floats, other: Floats, seen: Mask, least: float = LEAST_COMMON) -> float:
    """Of the details that both show; 0 if these are too few."""
    if seen.mean() < least:
        return 0.0
    ours, theirs = (each[seen].astype(np.float64) for each in (one, other))
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    spread = np.sqrt((ours @ ours) * (theirs @ theirs))
    return float(ours @ theirs / max(spread, FAINT**2 * len(ours)))
