"""What an image shows, as numbers: its light, its ground, the place of the garment, people, letters."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.appearance import Look, likelihood_of
from curate.facts.faces import faces_of, skin_of
from curate.facts.letters import banner_of
from curate.pixels.cut_out import Mask
from curate.pixels.foreground import foreground_of, frame_of
from curate.pixels.measure import Pixels, reduced

READ_AT = 256  # pixels, long side of the reduction used to find letters and faces
PARTED_AT = 160  # pixels, long side of the reduction used to separate garment and ground
NEAR_BORDER = 24  # grey levels from the border's median that count as uniform
SEAM = 18.0  # grey levels between two sides of a seam


@dataclass(frozen=True)
class Evidence:
    """Facts measured on the pixels. Shares and positions are relative to the image, 0 to 1."""

    sharpness: float  # variance of the Laplacian at 512 pixels, grey levels squared
    brightness: float  # mean grey level
    contrast: float  # standard deviation of grey levels
    saturation: float  # mean of HSV's, 0 to 255
    border_red: float  # median of the frame, 0 to 255
    border_green: float  # likewise
    border_blue: float  # likewise
    border_uniformity: float  # share of the frame near its median
    banner: float  # confidence that there is a strip of letters, 0 to 1
    collage: float  # share of a straight line across the whole image that is a seam
    skin: float  # share of the image that has the colour of skin, without the ground
    faces: int  # front views
    face_share: float  # of the image
    box_left: float  # the garment's box
    box_top: float  # likewise
    box_width: float  # likewise
    box_height: float  # likewise
    garment_share: float  # of the image
    touching: float  # share of the frame that is not ground
    hanging: float  # probability that the garment hangs, on a hanger or a mannequin, 0 to 1
    close_up: float  # probability that a part of a garment fills the image, 0 to 1
    pieces: int  # large pieces of the foreground
    garments: int  # whole ones side by side; 0 unless there are two or more
    complexity: float  # share of edges in the garment


def evidence_of(pixels: Pixels) -> Evidence:
    """Measure an upright image of any size and content.

    Cost: see benchmarks/README.md.
    """
    seen = reduced(pixels)
    readable, small = reduced(seen, READ_AT), reduced(seen, PARTED_AT)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    frame = frame_of(small)
    border = np.median(frame, axis=0)
    foreground = foreground_of(small)
    faces = faces_of(readable)
    looks = likelihood_of(seen)
    return Evidence(
        sharpness=float(cv2.Laplacian(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        saturation=float(cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[..., 1].mean()),
        border_red=float(border[0]),
        border_green=float(border[1]),
        border_blue=float(border[2]),
        border_uniformity=float((np.abs(frame - border).max(axis=1) < NEAR_BORDER).mean()),
        banner=banner_of(readable),
        collage=max(_seam(grey), _seam(grey.T)),
        skin=float((skin_of(small) & (foreground.mask > 0)).mean()),
        faces=len(faces),
        face_share=sum(width * height for _, _, width, height in faces) / (readable.size / 3),
        box_left=foreground.box.left,
        box_top=foreground.box.top,
        box_width=foreground.box.width,
        box_height=foreground.box.height,
        garment_share=float(foreground.garment.mean()),
        pieces=foreground.pieces,
        garments=foreground.garments,
        touching=float(frame_of(foreground.mask[..., None]).mean()),
        hanging=looks[Look.HANGING],
        close_up=looks[Look.CLOSE_UP],
        complexity=_complexity(grey, foreground.garment),
    )


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
