"""Colours of cloth, and their patterns along its axes."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from demo_shop.draw.cloth import Plane
from demo_shop.draw.sketch import COLOURS, COMMON, Colour, Garment

Image = npt.NDArray[np.float32]  # (h, w, 3), 0 to 1
Tone = npt.NDArray[np.float32]  # (3,), 0 to 1
Pattern = Callable[[Plane, Plane], Image]  # coordinates across and along -> colours


def colour_of(values: Colour) -> Tone:
    """A colour from 0 to 1."""
    return np.array(values, dtype=np.float32) / np.float32(255)


def accent_for(colour: Colour, random: np.random.Generator) -> Colour:
    """A colour that stands out from `colour`."""
    choices = list(COLOURS.values())
    choices = choices if random.random() < 0.4 else choices[:COMMON]
    far = [choice for choice in choices if math.dist(choice, colour) > 110]
    return far[int(random.integers(len(far)))]


def pattern_of(garment: Garment, random: np.random.Generator) -> Pattern:
    """The colours of a garment's cloth."""
    base, accent = colour_of(garment.colour), colour_of(accent_for(garment.colour, random))
    third = colour_of(accent_for(garment.colour, random))
    if garment.pattern == "stripes":
        return _stripes(garment, random, base, accent)
    if garment.pattern == "check":
        return _check(random, base, accent, third)
    if garment.pattern == "dots":
        return _dots(random, base, accent)
    if garment.pattern == "blocks":
        return _blocks(random, base, accent, third)
    return lambda across, along: np.broadcast_to(base, (*across.shape, 3))


def _band(values: Plane, period: float, share: float, softness: float = 0.004) -> Plane:
    """1 within the first `share` of each period, 0 elsewhere, with soft borders."""
    place = np.mod(values, np.float32(period))
    inside = np.minimum(place, np.float32(period * share) - place) / np.float32(softness)
    band: Plane = np.clip(inside + 0.5, 0, 1).astype(np.float32)
    return band


def _stripes(
    garment: Garment,
    random: np.random.Generator,
    base: Tone,
    accent: Tone,
) -> Pattern:
    upright = garment.kind == "shirt"
    period = random.uniform(0.04, 0.09) if upright else random.uniform(0.07, 0.2)
    share = random.uniform(0.2, 0.55)
    return lambda across, along: _mixed(base, accent, _band(across if upright else along, period, share))


def _check(
    random: np.random.Generator,
    base: Tone,
    accent: Tone,
    third: Tone,
) -> Pattern:
    period, share, thin = random.uniform(0.1, 0.24), random.uniform(0.3, 0.5), random.uniform(0.04, 0.08)

    def colours(across: Plane, along: Plane) -> Image:
        crossing = (_band(across, period, share) + _band(along, period, share)) * np.float32(0.42)
        image = _mixed(base, accent, crossing)
        lines = np.maximum(
            _band(across + period * 0.3, period, thin), _band(along + period * 0.3, period, thin)
        )
        return _mixed(image, third, lines * np.float32(0.7))

    return colours


def _mixed(image: Image | Tone, other: Tone, share: Plane) -> Image:
    mixed: Image = image + (other - image) * share[..., None]
    return mixed


def _dots(random: np.random.Generator, base: Tone, accent: Tone) -> Pattern:
    period, radius = random.uniform(0.07, 0.12), random.uniform(0.012, 0.022)

    def colours(across: Plane, along: Plane) -> Image:
        row = np.floor(along / np.float32(period))
        shifted = across + np.mod(row, 2) * np.float32(period / 2)
        u = np.mod(shifted, np.float32(period)) - np.float32(period / 2)
        v = np.mod(along, np.float32(period)) - np.float32(period / 2)
        return _mixed(base, accent, np.clip((radius - np.hypot(u, v)) / np.float32(0.005) + 0.5, 0, 1))

    return colours


def _blocks(
    random: np.random.Generator,
    base: Tone,
    accent: Tone,
    third: Tone,
) -> Pattern:
    first, width = random.uniform(0.3, 0.55), random.uniform(0.08, 0.3)
    two = random.random() < 0.5

    def colours(across: Plane, along: Plane) -> Image:
        image = _mixed(base, accent, np.clip((along - np.float32(first)) / np.float32(0.006), 0, 1))
        if two:
            below = np.clip((along - np.float32(first + width)) / np.float32(0.006), 0, 1)
            image = _mixed(image, third, below)
        return image

    return colours
