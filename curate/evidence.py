"""What is seen in a picture, as numbers: its light, its ground, where the garment is, who else is there."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from curate.measure import Pixels

Mask = npt.NDArray[np.uint8]  # (h, w), 0 or 1
Floats = npt.NDArray[np.float32]

LOOKED_AT = 160  # pixels, long side of the reduction on which most is measured
READ_AT = 256  # pixels, long side of the reduction on which letters are looked for
SHARPNESS_AT = 512  # pixels, long side of the reduction on which sharpness is measured
CASCADES = Path(cv2.__file__).parent / "data"  # what the package ships
FRAME = 0.04  # of a side: the border
CORNER = 0.12  # of a side: where the ground is looked for
GROUNDS = 4  # colours that describe the ground
SMALLEST_PART = 0.02  # of the picture, for a piece of the foreground
LARGE_PART = 0.3  # of the largest piece, for a piece to be another garment
SKIN_LOW, SKIN_HIGH = (0, 135, 85), (255, 180, 135)  # YCrCb
SMALLEST_FACE = 20  # pixels of the reduction
SEAM = 18.0  # grey levels between two sides of a seam


@dataclass(frozen=True)
class Evidence:
    """Facts by sight. Shares and positions are of the picture, 0 to 1."""

    sharpness: float  # variance of the Laplacian, grey levels squared
    brightness: float  # mean grey level
    contrast: float  # standard deviation of grey levels
    saturation: float  # mean of HSV's, 0 to 255
    border_red: float  # median of the frame, 0 to 255
    border_green: float
    border_blue: float
    border_uniformity: float  # share of the frame near its median
    banner: float  # how much like a strip of text, 0 to 1
    collage: float  # share of a straight line through the whole picture that is a seam
    skin: float  # share of the picture, outside the ground
    faces: int
    face_share: float  # of the picture
    box_left: float  # the garment's box
    box_top: float
    box_width: float
    box_height: float
    garment_share: float  # of the picture
    touching: float  # share of the frame that is no ground
    filled: float  # share of the box that is garment
    neck: float  # width of the foreground's top over that of its middle
    tall: float  # height of the box over its width
    slope: float  # how much lower the ground is lit at the bottom than at the top, grey levels
    border_saturation: float  # median of the frame, HSV's, 0 to 255
    components: int  # large pieces of the foreground
    complexity: float  # share of edges in the foreground


def evidence_of(pixels: Pixels) -> Evidence:
    """Look at an upright picture; any size and content is possible.

    Cost: see benchmarks/README.md.
    """
    small = _reduced(pixels, LOOKED_AT)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    frame = _frame(small)
    border = np.median(frame, axis=0)
    foreground = _foreground(small, _corners(small))
    parts = _parts(foreground)
    garment = np.isin(parts.labels, parts.large).astype(np.uint8) if parts.large.size else foreground
    left, top, width, height = _box(garment)
    area = grey.size
    faces = _faces(grey)
    box = (left / grey.shape[1], top / grey.shape[0], width / grey.shape[1], height / grey.shape[0])
    return Evidence(
        sharpness=_sharpness(pixels),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        saturation=float(cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[..., 1].mean()),
        border_red=float(border[0]),
        border_green=float(border[1]),
        border_blue=float(border[2]),
        border_uniformity=float((np.abs(frame - border).max(axis=1) < 24).mean()),
        banner=_banner(cv2.cvtColor(_reduced(pixels, READ_AT), cv2.COLOR_RGB2GRAY)),
        collage=max(_seam(grey), _seam(grey.T)),
        skin=float(
            (cv2.inRange(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), SKIN_LOW, SKIN_HIGH) & foreground).sum()
        )
        / area,
        faces=len(faces),
        face_share=float(sum(face_width * face_height for _, _, face_width, face_height in faces) / area),
        box_left=box[0],
        box_top=box[1],
        box_width=box[2],
        box_height=box[3],
        garment_share=float(garment.mean()),
        touching=float(_frame(foreground[..., None]).mean()),
        filled=float(garment[top : top + height, left : left + width].mean()),
        neck=_neck(garment[top : top + height, left : left + width]),
        tall=height / width,
        slope=_slope(grey, garment),
        border_saturation=float(
            np.median(cv2.cvtColor(frame.astype(np.uint8)[None], cv2.COLOR_RGB2HSV)[0, :, 1])
        ),
        components=int(parts.large.size),
        complexity=_complexity(grey, garment),
    )


def _reduced(pixels: Pixels, long_side: int) -> Pixels:
    height, width, _ = pixels.shape
    scale = min(long_side / max(height, width), 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    reduced: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    return reduced


def _sharpness(pixels: Pixels) -> float:
    grey = cv2.cvtColor(_reduced(pixels, SHARPNESS_AT), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def _frame(pixels: npt.NDArray[np.uint8]) -> Floats:
    """The outermost pixels, (n, channels)."""
    height, width, channels = pixels.shape
    rows, columns = max(round(height * FRAME), 1), max(round(width * FRAME), 1)
    sides = (pixels[:rows], pixels[-rows:], pixels[:, :columns], pixels[:, -columns:])
    return np.concatenate([side.reshape(-1, channels) for side in sides]).astype(np.float32)


def _corners(small: Pixels) -> Floats:
    """The pixels of the four corners, (n, 3), where a garment reaches least."""
    height, width, _ = small.shape
    rows, columns = max(round(height * CORNER), 1), max(round(width * CORNER), 1)
    parts = (
        small[:rows, :columns],
        small[:rows, -columns:],
        small[-rows:, :columns],
        small[-rows:, -columns:],
    )
    return np.concatenate([part.reshape(-1, 3) for part in parts]).astype(np.float32)


def _foreground(small: Pixels, ground: Floats) -> Mask:
    """What has none of the colours of the ground: 1 where something lies on it."""
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    ground_lab = cv2.cvtColor(ground.astype(np.uint8)[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    grounds = _common_colours(ground_lab)
    away = np.sqrt(
        np.min([((lab - ground_colour) ** 2).sum(axis=1) for ground_colour in grounds], axis=0)
    )  # (h * w,)
    levels = np.clip(away * 2, 0, 255).astype(np.uint8).reshape(small.shape[:2])
    least, _ = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = (levels > min(max(least, 16.0), 60.0)).astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))


def _common_colours(colours: Floats) -> Floats:
    """Up to GROUNDS centres of the colours; deterministic."""
    if len(colours) < GROUNDS:
        return colours
    order = np.argsort(colours[:, 0], kind="stable")
    start = np.array_split(colours[order], GROUNDS)
    centres = np.stack([part.mean(axis=0) for part in start])
    for _ in range(4):
        nearest = np.argmin(np.linalg.norm(colours[:, None] - centres[None], axis=2), axis=1)
        for number in range(GROUNDS):
            if (nearest == number).any():
                centres[number] = colours[nearest == number].mean(axis=0)
    return centres


@dataclass(frozen=True)
class _Parts:
    labels: npt.NDArray[np.int32]  # (h, w), 0 for the ground
    large: npt.NDArray[np.int64]  # labels of what may be garments


def _parts(foreground: Mask) -> _Parts:
    """The connected pieces of the foreground; large ones may be garments of their own."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(foreground, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].astype(float)
    areas[0] = 0
    if count == 1 or areas.max() < SMALLEST_PART * foreground.size:
        return _Parts(labels, np.empty(0, np.int64))
    return _Parts(
        labels, np.flatnonzero(areas >= max(LARGE_PART * areas.max(), SMALLEST_PART * foreground.size))
    )


def _box(garment: Mask) -> tuple[int, int, int, int]:
    """Left, top, width, height; the whole picture where there is no foreground."""
    if not garment.any():
        return 0, 0, garment.shape[1], garment.shape[0]
    left, top, width, height = cv2.boundingRect(garment)
    return left, top, width, height


def _neck(garment: Mask) -> float:
    """Narrow tops are hooks and necks: mean width of the upper twelfth over that of the middle."""
    height = garment.shape[0]
    upper, middle = (
        garment[: max(height // 12, 1)],
        garment[height // 3 : max(2 * height // 3, height // 3 + 1)],
    )
    return float(upper.sum(axis=1).mean() / max(middle.sum(axis=1).mean(), 1.0))


def _slope(grey: npt.NDArray[np.uint8], garment: Mask) -> float:
    """Mean of the ground in the upper fifth less that in the lower fifth: walls and floors differ."""
    fifth = max(len(grey) // 5, 1)
    upper, lower = (
        part[mask == 0] for part, mask in ((grey[:fifth], garment[:fifth]), (grey[-fifth:], garment[-fifth:]))
    )
    return float(upper.mean() - lower.mean()) if upper.size and lower.size else 0.0


def _complexity(grey: npt.NDArray[np.uint8], garment: Mask) -> float:
    edges = cv2.Canny(grey, 60, 140) > 0
    inside = garment > 0
    return float(edges[inside].mean()) if inside.any() else 0.0


def _seam(grey: npt.NDArray[np.uint8]) -> float:
    """The largest share of a column, away from the edges, in which the two sides differ."""
    width = grey.shape[1]
    if width < 20:
        return 0.0
    steps = np.abs(np.diff(grey.astype(np.float32), axis=1))[:, width // 8 : -width // 8] > SEAM
    return float(steps.mean(axis=0).max())


def _banner(grey: npt.NDArray[np.uint8]) -> float:
    """Strips of letters: many short strokes side by side, in rows, near the top or the bottom."""
    height, width = grey.shape
    if min(height, width) < 32:
        return 0.0
    strokes = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    _, strong = cv2.threshold(strokes, 60, 1, cv2.THRESH_BINARY)
    joined = cv2.morphologyEx(strong, cv2.MORPH_CLOSE, np.ones((1, 11), np.uint8))
    _, labels, stats, centres = cv2.connectedComponentsWithStats(joined)
    covered = 0.0
    for number in range(1, len(stats)):
        _, _, piece_width, piece_height, area = stats[number]
        in_a_row = piece_width > 2.5 * piece_height and 4 <= piece_height <= height * 0.15
        outside = centres[number][1] < height * 0.25 or centres[number][1] > height * 0.75
        crossings = np.abs(np.diff(strong[labels == number].astype(int))).sum() / max(piece_height, 1)
        if in_a_row and outside and area > 0.4 * piece_width * piece_height and crossings > 4:
            covered += piece_width / width
    return min(covered, 1.0)


@cache
def _face_detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(CASCADES / "haarcascade_frontalface_alt2.xml"))


def _faces(grey: npt.NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    if min(grey.shape) < SMALLEST_FACE:
        return []
    found = _face_detector().detectMultiScale(
        grey, scaleFactor=1.25, minNeighbors=3, minSize=(SMALLEST_FACE, SMALLEST_FACE)
    )
    return [(int(left), int(top), int(width), int(height)) for left, top, width, height in found]
