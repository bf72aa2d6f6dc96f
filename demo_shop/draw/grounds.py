"""The grounds behind garments: plain, wood or cloth."""

import cv2
import numpy as np

from demo_shop.draw.cloth import folds, noise, shading
from demo_shop.draw.patterns import Image, colour_of
from demo_shop.draw.sketch import Colour

PLAIN: tuple[Colour, ...] = (
    (250, 250, 250),
    (238, 238, 236),
    (226, 224, 220),
    (214, 208, 198),
    (198, 206, 212),
    (232, 220, 214),
)
WOODS: tuple[Colour, ...] = ((196, 160, 120), (160, 118, 80), (120, 88, 62), (212, 190, 160), (150, 140, 130))
SHEETS: tuple[Colour, ...] = (
    (232, 230, 226),
    (200, 196, 190),
    (120, 128, 140),
    (180, 160, 150),
    (90, 80, 84),
    (210, 200, 180),
)


def ground_of(kind: str, random: np.random.Generator, width: int, height: int) -> Image:
    """A ground of a kind: plain, wood or cloth."""
    if kind == "wood":
        return _wood(random, width, height)
    if kind == "cloth":
        return _sheet(random, width, height)
    colour = colour_of(PLAIN[int(random.integers(len(PLAIN)))])
    fall = np.linspace(1.02, random.uniform(0.88, 0.98), height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(colour, (height, width, 3)) * fall


def _wood(random: np.random.Generator, width: int, height: int) -> Image:
    """Boards with grain along them."""
    colour = colour_of(WOODS[int(random.integers(len(WOODS)))])
    upright = random.random() < 0.5
    long, wide = (height, width) if upright else (width, height)
    grain = noise(random, wide, long, 90, 5) * np.float32(0.05) + noise(
        random, wide, long, 14, 2
    ) * np.float32(0.06)
    boards = int(random.integers(4, 8))
    place = np.arange(wide, dtype=np.float32) * boards / wide
    tone = random.normal(0, 0.06, boards + 1).astype(np.float32)[place.astype(int)]
    gap = np.where(np.abs(place - np.rint(place)) < 0.02, np.float32(0.6), np.float32(1))
    tones = (1 + grain + tone[None, :]) * gap[None, :]
    image: Image = colour * (tones if upright else np.ascontiguousarray(tones.T))[..., None]
    return image


def _sheet(random: np.random.Generator, width: int, height: int) -> Image:
    """A wrinkled bedsheet, sometimes with broad stripes."""
    colour = colour_of(SHEETS[int(random.integers(len(SHEETS)))])
    side = min(width, height)
    light = shading(folds(random, width, height, side * 0.8, random.uniform(1.2, 2.4)), side)
    image = np.broadcast_to(colour, (height, width, 3)) * light[..., None]
    if random.random() < 0.25:
        rows = np.sin(np.arange(height, dtype=np.float32) / height * 2 * np.pi * random.integers(5, 12))
        image = image * (1 + np.float32(0.08) * np.sign(rows))[:, None, None]
    return np.ascontiguousarray(image)


def with_shadow(ground: Image, mask: np.ndarray, scale: float, strength: float) -> None:
    """Darken the ground below and to the right of a garment, in place."""
    height, width = mask.shape
    reduced = cv2.resize(mask, (max(8, width // 8), max(8, height // 8)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(reduced, (0, 0), max(0.5, scale * 0.035 / 8))
    shadow = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    shift = np.array([[1, 0, scale * 0.025], [0, 1, scale * 0.035]], dtype=np.float32)
    ground *= (1 - np.float32(strength) * cv2.warpAffine(shadow, shift, (width, height)))[..., None]
