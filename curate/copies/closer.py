"""A closer look at two images that are about to be taken for copies: whether they differ in one place.

On thumbnails of 48 pixels a small print is a few pixels large, and two of them look alike. So the pair is
compared again on up to 192 pixels. An encoder changes a whole image a little, and that is the measure for the
place that differs most; another print changes one place alone.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.copies.align import Place, Square, inside_of, refined, seen_at
from curate.copies.confirm import LEAST_COMMON, MOST_GAIN, Copy
from curate.copies.differences import Limits, differences_of
from curate.facts.fingerprint import THUMBNAIL_SIDE
from curate.facts.view import View
from curate.pixels.borders import without_borders

SIDE = 192  # pixels, at most
PIXELS_EACH = 2  # of the image, at least, along a side of a pixel: encoders leave errors between neighbours
QUALITY = 95  # of the JPEG that is kept, colours at full resolution
LIMITS = Limits(smoothed=1.0, window=5, noise=5.0, usual=2.0, adrift=1.0, trimmed=0.15)
# The largest difference at any place, in what noise and edges explain; docs/explanation/near-duplicates.md.
MOST_LIGHT, MOST_COLOUR = 1.2, 1.0
COLOUR_BY_GAIN = 4.0  # colours that another contrast clips change with it


@dataclass(frozen=True)
class CloserLook:
    """An image without plain borders, as large as it is compared at most."""

    closer: bytes  # a JPEG, square


def closer_look(view: View) -> CloserLook:
    """The image as `differ` compares it."""
    seen = without_borders(view.seen)
    larger = max(view.pixels.shape) / max(view.seen.shape)  # than what is seen of it
    short = min(seen.shape[:2])
    side = max(min(round(short * larger / PIXELS_EACH), short, SIDE), THUMBNAIL_SIDE)
    square = cv2.resize(np.ascontiguousarray(seen), (side, side), interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(square, cv2.COLOR_RGB2BGR), options)
    return CloserLook(data.tobytes())


def differ(part: bytes, whole: bytes, copy: Copy, *, mirrored: bool) -> bool:
    """Whether one place of two aligned images differs by more than encoders and edges explain.

    Args:
        part: the `CloserLook` of the one.
        whole: of the other.
        copy: how their thumbnails lie on each other.
        mirrored: whether the part is mirrored first.
    """
    one, other = _same_size(_decoded(part), _decoded(whole))
    if mirrored:
        one = np.ascontiguousarray(one[:, ::-1])
    side = len(one)
    shown = np.zeros((side, side), np.uint8)
    rows = slice(math.ceil(copy.rows.start * side / THUMBNAIL_SIDE), copy.rows.stop * side // THUMBNAIL_SIDE)
    shown[rows] = 1
    place = _enlarged(copy.place, side / THUMBNAIL_SIDE)
    if not _differ_at(place, one, other, shown):
        return False
    return _differ_at(refined(one, other, place, shown), one, other, shown)


def _differ_at(place: Place, part: Square, whole: Square, shown: npt.NDArray[np.uint8]) -> bool:
    found, mask = seen_at(whole, place)
    inside = inside_of(mask & shown, math.ceil(len(part) / THUMBNAIL_SIDE)) > 0
    if inside.mean() < LEAST_COMMON:
        return True
    differences = differences_of(part, found, inside, LIMITS)
    if not 1 / MOST_GAIN < differences.gain < MOST_GAIN:
        return True
    most_colour = MOST_COLOUR + COLOUR_BY_GAIN * abs(math.log(differences.gain))
    return bool(differences.light.max() > MOST_LIGHT or differences.colour.max() > most_colour)


def _decoded(data: bytes) -> Square:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _same_size(one: Square, other: Square) -> tuple[Square, Square]:
    side = min(len(one), len(other))
    one, other = (cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in (one, other))
    return one, other


def _enlarged(place: Place, scale: float) -> Place:
    """A place between thumbnails as one between images that are `scale` times as large."""
    larger = place.copy()
    centre = np.full(2, (1 / scale - 1) / 2, np.float32)  # of the first pixel, on the thumbnail
    larger[:, 2] = scale * (place[:, :2] @ centre + place[:, 2]) + (scale - 1) / 2
    return larger
