"""Cuts the garment out of an image by GrabCut: a small image and a first guess in; a mask out.

Source: Rother, Kolmogorov, Blake 2004, as OpenCV has it.
"""

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels, reduced

Mask = npt.NDArray[np.uint8]  # (h, w), 0 or 1

SIDE = 96  # pixels, long side of the image that is cut
ROUNDS = 3
FRAME = 0.04  # of the short side: ground, where the guess agrees
SURE, WIDE = 0.25, 0.6  # squared radius of the middle that is likely garment: with the guess, and without
SMALL_PART = 0.1  # of the largest piece: smaller ones are no part of the garment
LEAST, MIDDLE = 0.12, 0.5  # of the image, and of its middle quarter, that a garment covers


def garment_in(small: Pixels, guess: Mask) -> Mask | None:
    """The garment, in a reduction of the image; None where it is not found.

    Args:
        small: (h, w, 3).
        guess: (h, w), what differs from the ground by its colour.
    """
    seen = reduced(small, SIDE)
    height, width, _ = seen.shape
    lab = cv2.cvtColor(cv2.GaussianBlur(seen, (3, 3), 0), cv2.COLOR_RGB2LAB)
    guessed = cv2.resize(guess, (width, height), interpolation=cv2.INTER_NEAREST)
    radius = _radius(height, width)
    likely = (radius < SURE) | ((guessed > 0) & (radius < 1))
    for marks in (_marks(likely, guessed == 0), _marks(radius < WIDE, np.ones_like(likely))):
        mask = _cut(np.asarray(lab, np.uint8), marks)
        if _is_garment(mask):
            return mask
    return None


def _radius(height: int, width: int) -> npt.NDArray[np.float64]:
    """Squared distance from the middle; 1 at the middle of an edge."""
    rows, columns = np.mgrid[:height, :width]
    return np.asarray(
        ((rows + 0.5) / height * 2 - 1) ** 2 + ((columns + 0.5) / width * 2 - 1) ** 2, np.float64
    )


def _marks(likely: npt.NDArray[np.bool_], ground: npt.NDArray[np.bool_]) -> Mask:
    """What GrabCut starts from: `ground` on the frame is certain, all else a guess."""
    height, width = likely.shape
    wide = max(round(FRAME * min(height, width)), 1)
    frame = np.ones_like(likely)
    frame[wide:-wide, wide:-wide] = False
    marks = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    return np.where(frame & ground, cv2.GC_BGD, marks).astype(np.uint8)


def _cut(lab: Pixels, marks: Mask) -> Mask:
    """The pieces that GrabCut finds, without crumbs; nothing where it has nothing to tell apart."""
    cv2.setRNGSeed(0)  # its clusters begin at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cv2.grabCut(lab, marks, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # all is ground, or all is garment
        return np.zeros_like(marks)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0  # the ground
    return (np.isin(labels, np.flatnonzero(areas >= SMALL_PART * max(areas.max(), 1)))).astype(np.uint8)


def _is_garment(mask: Mask) -> bool:
    height, width = mask.shape
    middle = mask[height * 3 // 8 : height * 5 // 8 + 1, width * 3 // 8 : width * 5 // 8 + 1]
    return bool(mask.mean() >= LEAST and middle.mean() >= MIDDLE)
