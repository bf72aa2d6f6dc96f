"""Cloth: folds and the light on them, stitches and ribs."""

import math

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]  # (h, w)

LIGHT = (-0.55, -0.83)  # its direction in the image
REDUCED_SIDE = 300  # pixels; soft folds are made at about this size and enlarged


def noise(random: np.random.Generator, width: int, height: int, across: float, down: float) -> Plane:
    """Smooth noise of unit variance with a number of bumps across and down the image."""
    cells = random.standard_normal((max(2, math.ceil(down)) + 3, max(2, math.ceil(across)) + 3)).astype(
        np.float32
    )
    return _resized(cells, width, height)


def folds(random: np.random.Generator, width: int, height: int, scale: float, strength: float) -> Plane:
    """The height of the cloth above its ground over an image: soft bumps, long folds, small wrinkles."""
    units_across, units_down = width / scale, height / scale
    factor = max(1, min(width, height) // REDUCED_SIDE)
    wide, high = width // factor, height // factor
    bumps = noise(random, wide, high, units_across * 3, units_down * 2)
    turned = [_turned(random, wide, high, max(units_across, units_down), angle) for angle in (-28, 24)]
    small = noise(random, wide, high, units_across * 13, units_down * 9)
    relief: Plane = bumps * 1.1 + turned[0] * 0.55 + turned[1] * 0.55 + small * 0.1
    return _resized(relief * np.float32(strength), width, height)


def _resized(plane: Plane, width: int, height: int) -> Plane:
    resized: Plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC)
    return resized


def _turned(random: np.random.Generator, width: int, height: int, units: float, degrees: float) -> Plane:
    """Long narrow folds that run at an angle to the vertical."""
    side = math.ceil(math.hypot(width, height))
    straight = noise(random, side, side, units * 7, units * 1.3)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1.0)
    matrix[:, 2] += (width / 2 - side / 2, height / 2 - side / 2)
    turned: Plane = cv2.warpAffine(straight, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return turned


def shading(relief: Plane, scale: float) -> Plane:
    """How light falls on a relief: about 1, more where it faces the light."""
    across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3)
    lit: Plane = (across * -LIGHT[0] + down * -LIGHT[1]) * np.float32(scale / 700)
    light: Plane = 1 - np.float32(0.24) * np.tanh(lit / np.float32(0.3))
    return light


def rounded_edges(mask: npt.NDArray[np.uint8], scale: float) -> Plane:
    """Darker towards the edge of a part, where the cloth bends away."""
    distance = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    near = np.minimum(distance / np.float32(0.06 * scale), 1.0)
    edge: Plane = np.float32(0.76) + np.float32(0.24) * np.sqrt(near)
    return edge


def knitted(across: Plane, along: Plane, scale: float, *, cabled: bool) -> Plane:
    """The relief of stitches, as a factor of brightness; coarse knits have cables."""
    stitch = np.float32(max(0.02, 3.0 / scale))  # units; never finer than the pixels
    wave = np.sin(along / stitch * np.float32(math.pi)) * np.sin(across / stitch * np.float32(math.pi))
    texture: Plane = 1 + np.float32(0.09) * wave
    if cabled:
        texture = texture * (1 + np.float32(0.1) * np.sin(across * np.float32(34)))
    return texture


def ribbed(across: Plane, scale: float) -> Plane:
    """The brightness of ribs that run along the part."""
    period = np.float32(max(0.022, 3.2 / scale))
    ribs: Plane = 1 + np.float32(0.16) * np.sin(across / period * np.float32(2 * math.pi))
    return ribs
