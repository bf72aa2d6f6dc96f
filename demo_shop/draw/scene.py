"""Draws a whole image: ground, garment, shadows and overlaid text."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from demo_shop.draw.canvas import Canvas
from demo_shop.draw.cloth import rounded_edges
from demo_shop.draw.cut import Cut, cut_of
from demo_shop.draw.garment import PlacedGarment
from demo_shop.draw.grounds import ground_of
from demo_shop.draw.patterns import accent_for, colour_of
from demo_shop.draw.shapes import Place, curve, filled, symmetric
from demo_shop.draw.sketch import Garment, Sketch, garment_of, random_of

SHADOW = {"torso": 0.15}  # of a shot; others have 0.45
FILL = (0.84, 0.95)  # share of the image's side that a single garment takes
SKIN = ((224, 188, 164), (203, 160, 130), (172, 126, 96), (212, 210, 206), (236, 232, 226))
BANNERS = ("BEST", "SALE 30%", "1+1", "NEW", "FREE SHIPPING", "HOT DEAL")


class Scene:
    """An image being drawn."""

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.random = random_of(sketch.image_index, 1)
        ground = ground_of(sketch.ground, self.random, sketch.width, sketch.height)
        self.canvas = Canvas(ground)

    def draw(self) -> npt.NDArray[np.uint8]:
        """Draw everything: (height, width, 3) RGB, or 4 channels with transparency."""
        sketch, random = self.sketch, self.random
        if sketch.shot == "two":
            self._two()
        else:
            arms_down = sketch.shot in ("hanger", "torso")
            cut = cut_of(sketch.garment, random, arms_down=arms_down)
            place = self._place(cut, (0, 0, sketch.width, sketch.height))
            if sketch.shot == "hanger":
                self._hanger(cut, place)
            if sketch.shot == "torso":
                self._torso(cut, place)
            self._dress(sketch.garment, cut, place)
        if sketch.shot == "banner":
            self._banner()
        grain = random.standard_normal(self.canvas.pixels.shape[:2]).astype(np.float32) * np.float32(0.008)
        pixels = np.clip((self.canvas.pixels + grain[..., None]) * 255, 0, 255).astype(np.uint8)
        return np.dstack([pixels, self.canvas.covered]) if sketch.transparent else pixels

    def _two(self) -> None:
        half = self.sketch.width // 2
        for left, garment in (
            (0, self.sketch.garment),
            (half, garment_of(self.random, self.sketch.garment.kind)),
        ):
            cut = cut_of(garment, self.random, arms_down=True)
            self._dress(garment, cut, self._place(cut, (left, 0, half, self.sketch.height)))

    def _dress(self, garment: Garment, cut: Cut, place: Place) -> None:
        shadow = 0.0 if self.sketch.transparent else SHADOW.get(self.sketch.shot, 0.45)
        PlacedGarment(self.canvas, garment, cut, place, self.random, shadow).draw()

    def _place(self, cut: Cut, area: tuple[int, int, int, int]) -> Place:
        """The place in which a garment fills an area (left, top, width, height)."""
        left, top, width, height = area
        angle = math.radians(self.random.normal(0, 2.5)) if self.sketch.shot in ("flat", "two") else 0.0
        extent = Place(0, 0, 1, angle).to_pixels(cut.outlines)
        low, high = extent.min(axis=0), extent.max(axis=0)
        square = min(width, height)  # curation uses the centre square
        room = 0.93 if self.sketch.shot in ("hanger", "torso") else 1.0
        scale = square * self.random.uniform(*FILL) * room / max(high - low)
        centre = (low + high) / 2 * scale
        down = square * 0.03 if room < 1 else 0
        return Place(left + width / 2 - centre[0], top + height / 2 - centre[1] + down, scale, angle)

    def _hanger(self, cut: Cut, place: Place) -> None:
        metal = colour_of((150, 150, 155)) if self.random.random() < 0.5 else colour_of((120, 84, 52))
        thick = max(1.5, place.scale * 0.022)
        hook = curve((0, -0.02), (0, -0.1), (0.05, -0.15), (0.03, -0.21), (-0.03, -0.2), (-0.04, -0.16))
        arms = curve((-cut.chest * 0.8, 0.12), (0, -0.03), (cut.chest * 0.8, 0.12))
        rail = np.array([[-3.0, -0.2], [3.0, -0.2]])
        if self.random.random() < 0.4:
            self.canvas.line(place.to_pixels(rail), thick * 1.6, colour_of((90, 90, 94)), 1.0)
        for points in (hook, arms):
            self.canvas.line(place.to_pixels(points), thick, metal, 1.0)

    def _torso(self, cut: Cut, place: Place) -> None:
        """Paint a neck above and hips below, of a headless person or a mannequin."""
        skin = colour_of(SKIN[int(self.random.integers(len(SKIN)))])
        neck = symmetric(curve((0, -0.3), (0.1, -0.29), (0.11, -0.1), (0.2, 0.03), (0.1, 0.3), (0, 0.32)))
        hips = symmetric(
            curve(
                (0, cut.length - 0.2),
                (cut.chest * 0.8, cut.length - 0.2),
                (cut.chest * 0.86, cut.length + 0.5),
                (0, cut.length + 0.5),
            )
        )
        trousers = colour_of(accent_for(self.sketch.garment.colour, self.random))
        for points, colour in ((neck, skin), (hips, trousers)):
            outline = place.to_pixels(points)
            if box := self.canvas.box_of(outline):
                light = rounded_edges(filled(outline, box), place.scale)
                self.canvas.lay(outline, colour, light, box)

    def _banner(self) -> None:
        height = round(self.sketch.height * self.random.uniform(0.1, 0.16))
        top = 0 if self.random.random() < 0.5 else self.sketch.height - height
        colour = colour_of(accent_for((250, 250, 250), self.random))
        self.canvas.pixels[top : top + height] = colour
        word = str(self.random.choice(BANNERS))
        (width, tall), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)
        size = min(height * 0.6 / tall, self.sketch.width * 0.9 / width)
        place = (round((self.sketch.width - width * size) / 2), round(top + (height + tall * size) / 2))
        cv2.putText(
            self.canvas.pixels,
            word,
            place,
            cv2.FONT_HERSHEY_DUPLEX,
            size,
            (1.0, 1.0, 1.0),
            max(1, round(size * 1.6)),
            cv2.LINE_AA,
        )


def draw(sketch: Sketch) -> npt.NDArray[np.uint8]:
    """Draw a sketch: (height, width, 3) uint8 RGB, or 4 channels where it is transparent."""
    return Scene(sketch).draw()
