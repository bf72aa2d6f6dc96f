"""Two thumbnails in; where one lies in the other out."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.fingerprint import THUMBNAIL_SIDE

Thumbnail = npt.NDArray[np.uint8]  # (48, 48, 3)
Square = npt.NDArray[np.uint8]  # a thumbnail, or a larger image
Place = npt.NDArray[np.float32]  # (2, 3): from the coordinates of a part to those of the whole

SMOOTHED = 5  # pixels, of the filter before the search
STEPS = cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3
SCALES = (0.75, 1.33)  # of the part in the whole, over that at the start
MOST_SKEW = 0.15  # a rotation by 4 degrees, of an image twice as high as wide
EDGE = 2  # pixels of a thumbnail, left out where one image ends


def inner_place(cut: float | npt.NDArray[np.float32]) -> Place:
    """The place of a part that lacks a share of height and width, or one of each, at each edge."""
    down, across = np.broadcast_to(np.asarray(cut, np.float32), 2)
    most = THUMBNAIL_SIDE - 1
    return np.asarray([[1 - 2 * across, 0, most * across], [0, 1 - 2 * down, most * down]], np.float32)


def place_of(part: Thumbnail, whole: Thumbnail, start: Place) -> Place | None:
    """Where the part lies in the whole: moved, scaled, slightly rotated; None when it does not fit anywhere.

    Args:
        part: of an image.
        whole: of another.
        start: where it is looked for.
    """
    place = _fitted(part, whole, start, None)
    if place is None:
        return None
    scales = place[0, 0] / start[0, 0], place[1, 1] / start[1, 1]
    likely = SCALES[0] < min(scales) and max(scales) < SCALES[1]
    likely &= max(abs(place[0, 1]), abs(place[1, 0])) < MOST_SKEW
    return place if likely else None


def refined(part: Square, whole: Square, place: Place, shown: Square) -> Place:
    """A place between larger images, found on thumbnails, as exact as they show it.

    Args:
        part: of an image, (n, n, 3).
        whole: of another, of the same size.
        place: where the part lies in it, nearly.
        shown: (n, n), 1 where the two are to agree.
    """
    found = _fitted(part, whole, place, shown)
    return place if found is None else found


def _fitted(part: Square, whole: Square, start: Place, shown: Square | None) -> Place | None:
    """The place near `start` at which both images agree best; None if the search does not converge."""
    try:
        _, found = cv2.findTransformECC(
            _grey(part), _grey(whole), start.copy(), cv2.MOTION_AFFINE, STEPS, shown, SMOOTHED
        )
    except cv2.error:
        return None
    return np.asarray(found, np.float32)


def seen_at(whole: Square, place: Place) -> tuple[Square, npt.NDArray[np.uint8]]:
    """What the whole shows at the place of a part, and a mask of where it shows anything."""
    size = whole.shape[1], whole.shape[0]
    found = cv2.warpAffine(whole, place, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    mask = cv2.warpAffine(
        np.ones(size[::-1], np.uint8), place, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(found, np.uint8), np.asarray(mask, np.uint8)


def inside_of(mask: npt.NDArray[np.uint8], scale: int) -> npt.NDArray[np.uint8]:
    """A mask without its edges, of `EDGE` pixels of a thumbnail that is `scale` times smaller."""
    side = 2 * EDGE * scale + 1
    return np.asarray(cv2.erode(mask, np.ones((side, side), np.uint8), borderValue=0), np.uint8)


def turn_of(place: Place) -> float:
    """The angle by which the part is rotated in the whole, in degrees, whatever the shapes of both images."""
    across, down = float(place[0, 1]), float(place[1, 0])
    return math.degrees(math.asin(math.sqrt(-across * down))) if across * down < 0 else 0.0


def _grey(image: Square) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
