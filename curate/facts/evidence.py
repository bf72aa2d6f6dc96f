"""What an image shows, as numbers: its light, its ground, the place of the garment, people, letters.

They cost most of curation's time, so each class here is measured only when something reads it
(`curate.known.asked`). Shares and positions are relative to the image, 0 to 1.
"""

from dataclasses import asdict, dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.appearance import Look, likelihood_of
from curate.facts.faces import faces_of, skin_of
from curate.facts.letters import banner_of
from curate.facts.view import View
from curate.pixels.cut_out import Mask
from curate.pixels.foreground import frame_of
from curate.pixels.measure import Pixels

NEAR_BORDER = 24  # grey levels from the border's median that count as uniform
SEAMS_AT = 192  # pixels, sides of the reduction in which seams are looked for
SEAM, SHARPER = 10.0, 2.0  # at least between two sides of a seam: units of Lab; times the mean step around it
AROUND = 9  # pixels


@dataclass(frozen=True)
class Quality:
    """How clear an image is, and what is printed over it or put together in it."""

    sharpness: float  # variance of the Laplacian at 512 pixels, grey levels squared
    brightness: float  # mean grey level
    contrast: float  # standard deviation of grey levels
    saturation: float  # mean of HSV's, 0 to 255
    banner: float  # confidence that there is a strip of letters, 0 to 1
    collage: float  # share of a straight line across the whole image that is a seam


@dataclass(frozen=True)
class Garment:
    """Where the garment is, and what is around it."""

    border_red: float  # median of the frame, 0 to 255
    border_green: float  # likewise
    border_blue: float  # likewise
    border_uniformity: float  # share of the frame near its median
    box_left: float  # the garment's box
    box_top: float  # likewise
    box_width: float  # likewise
    box_height: float  # likewise
    garment_share: float  # of the image
    touching: float  # share of the frame that is not ground
    pieces: int  # large pieces of the foreground
    garments: int  # whole ones side by side; 0 unless there are two or more
    complexity: float  # share of edges in the garment


@dataclass(frozen=True)
class Shown:
    """How the garment is shown: by whom, on what, from how near."""

    skin: float  # share of the image that has the colour of skin, without the ground
    faces: int  # front views
    face_share: float  # of the image
    hanging: float  # probability that the garment hangs, on a hanger or a mannequin, 0 to 1
    close_up: float  # probability that a part of a garment fills the image, 0 to 1


@dataclass(frozen=True)
class Evidence(Quality, Garment, Shown):
    """All of it: what the rules for styles read."""


def evidence_of(pixels: Pixels) -> Evidence:
    """Measure all of it. Cost: see benchmarks/README.md."""
    view = View(pixels)
    return Evidence(**asdict(quality_of(view)), **asdict(garment_of(view)), **asdict(shown_in(view)))


def quality_of(view: View) -> Quality:
    """Measure light, sharpness, letters and seams."""
    return Quality(
        sharpness=float(cv2.Laplacian(cv2.cvtColor(view.seen, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()),
        brightness=float(view.grey.mean()),
        contrast=float(view.grey.std()),
        saturation=float(cv2.cvtColor(view.small, cv2.COLOR_RGB2HSV)[..., 1].mean()),
        banner=banner_of(view.readable),
        collage=_seam(view.seen),
    )


def garment_of(view: View) -> Garment:
    """Separate the garment from the ground."""
    frame, foreground = frame_of(view.small), view.foreground
    border = np.median(frame, axis=0)
    return Garment(
        border_red=float(border[0]),
        border_green=float(border[1]),
        border_blue=float(border[2]),
        border_uniformity=float((np.abs(frame - border).max(axis=1) < NEAR_BORDER).mean()),
        box_left=foreground.box.left,
        box_top=foreground.box.top,
        box_width=foreground.box.width,
        box_height=foreground.box.height,
        garment_share=float(foreground.garment.mean()),
        touching=float(frame_of(foreground.mask[..., None]).mean()),
        pieces=foreground.pieces,
        garments=foreground.garments,
        complexity=_complexity(view.grey, foreground.garment),
    )


def shown_in(view: View) -> Shown:
    """Look for skin and faces, and for how the garment hangs."""
    faces, looks = faces_of(view.readable), likelihood_of(view.seen)
    return Shown(
        skin=float((skin_of(view.small) & (view.foreground.mask > 0)).mean()),
        faces=len(faces),
        face_share=sum(width * height for _, _, width, height in faces) / (view.readable.size / 3),
        hanging=looks[Look.HANGING],
        close_up=looks[Look.CLOSE_UP],
    )


def _complexity(grey: npt.NDArray[np.uint8], garment: Mask) -> float:
    edges = cv2.Canny(grey, 60, 140) > 0
    inside = garment > 0
    return float(edges[inside].mean()) if inside.any() else 0.0


def _seam(seen: Pixels) -> float:
    """The largest share of a straight line across the image, away from its edges, that is a seam.

    A seam is a step that is larger than those around it, so that it also shows between busy images.
    """
    small = cv2.resize(seen, (SEAMS_AT, SEAMS_AT), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    shares = []
    for turned in (lab, lab.transpose(1, 0, 2)):
        steps = np.abs(np.diff(turned, axis=1)).max(axis=2)
        around = cv2.blur(steps, (AROUND, 1))
        seam = (steps > SEAM) & (steps > SHARPER * around)
        shares.append(float(seam[:, SEAMS_AT // 8 : -SEAMS_AT // 8].mean(axis=0).max()))
    return max(shares)
