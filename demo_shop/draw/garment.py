"""Paints a garment in its place: parts, seams and the details of its kind."""

import math

import cv2
import numpy as np

from demo_shop.draw import motifs
from demo_shop.draw.canvas import Canvas
from demo_shop.draw.cloth import folds, knitted, ribbed, rounded_edges, shading
from demo_shop.draw.cut import Cut
from demo_shop.draw.grounds import with_shadow
from demo_shop.draw.patterns import Tone, accent_for, colour_of, pattern_of
from demo_shop.draw.shapes import UPRIGHT, Part, Place, Points, curve, filled, symmetric
from demo_shop.draw.sketch import Garment


class PlacedGarment:
    """A garment to be painted.

    Args:
        canvas: to paint on.
        garment: what it is.
        cut: its parts.
        place: where it lies.
        random: for its cloth and details.
        shadow: how much it darkens its ground, 0 to 1.
    """

    def __init__(
        self,
        canvas: Canvas,
        garment: Garment,
        cut: Cut,
        place: Place,
        random: np.random.Generator,
        shadow: float,
    ) -> None:
        self.canvas, self.garment, self.cut, self.place = canvas, garment, cut, place
        self.random, self.shadow = random, shadow
        self.pattern = pattern_of(garment, self.random)
        self.dark = colour_of(garment.colour) * np.float32(0.45)
        strength = self.random.uniform(1.6, 3.4) * (0.8 if garment.kind == "shirt" else 1.0)
        self.relief = folds(self.random, canvas.width, canvas.height, place.scale, strength)
        self.light = shading(self.relief, place.scale)
        self.cabled = self.random.random() < 0.4

    def draw(self) -> None:
        """Paint shadow, back, sleeves, body, and the details of its kind."""
        cut = self.cut
        self._shadow()
        if cut.hood:
            self._part(cut.hood, dim=0.9)
        self._flat(cut.inside, self.dark)
        for part in cut.sleeves:
            self._part(part, dim=0.95)
        for part in cut.cuffs or ():
            self._part(part, rib=True)
        self._part(cut.body)
        if cut.hem:
            self._part(cut.hem, rib=True)
        if self.garment.pattern in ("print", "lettering"):
            self._print()
        for armhole in cut.armholes:
            self._seam(armhole, 0.35)
        self._neck()
        self._ends()

    def _shadow(self) -> None:
        mask = np.zeros((self.canvas.height, self.canvas.width), dtype=np.uint8)
        for part in (self.cut.body, *self.cut.sleeves):
            outline = self.place.to_pixels(part.outline)
            np.maximum(mask, filled(outline, self.canvas.whole), out=mask)
        with_shadow(self.canvas.pixels, mask, self.place.scale, self.shadow)

    def _part(self, part: Part, *, rib: bool = False, dim: float = 1.0) -> None:
        outline = self.place.to_pixels(part.outline)
        box = self.canvas.box_of(outline)
        if box is None:
            return
        across, along = self.place.to_units(*box, part.frame)
        bend = self.relief[box.slices] * np.float32(0.003)  # patterns follow the folds
        light = (
            self.light[box.slices] * rounded_edges(filled(outline, box), self.place.scale) * np.float32(dim)
        )
        if rib:
            light = light * ribbed(across, self.place.scale)
        elif self.garment.kind == "knit":
            light = light * knitted(across, along, self.place.scale, cabled=self.cabled)
        self.canvas.lay(outline, self.pattern(across + bend, along + bend), light, box)

    def _flat(self, points: Points, colour: Tone) -> None:
        outline = self.place.to_pixels(points)
        if box := self.canvas.box_of(outline):
            self.canvas.lay(outline, colour, 1.0, box)

    def _seam(self, points: Points, strength: float) -> None:
        thick = max(1.0, self.place.scale * 0.006)
        self.canvas.line(self.place.to_pixels(points), thick, self.dark, strength)

    def _print(self) -> None:
        motif = (motifs.word if self.garment.pattern == "lettering" else motifs.figure)(self.random)
        small = self.random.random() < 0.25
        side = self.cut.chest * (0.34 if small else self.random.uniform(0.9, 1.15))
        x = self.cut.chest * 0.42 if small else 0.0
        y = 0.42 if not small else 0.36
        corners = np.array(
            [[x - side / 2, y - side / 2], [x + side / 2, y - side / 2], [x - side / 2, y + side / 2]]
        )
        if self.garment.kind == "hoodie":
            corners[:, 1] += 0.06
        matrix = cv2.getAffineTransform(
            np.array([[0, 0], [255, 0], [0, 255]], dtype=np.float32),
            self.place.to_pixels(corners).astype(np.float32),
        )
        size = (self.canvas.width, self.canvas.height)
        mask = cv2.warpAffine(motif, matrix, size, flags=cv2.INTER_LINEAR)
        colour = colour_of(accent_for(self.garment.colour, self.random))
        self.canvas.blend((mask * 0.92).astype(np.uint8), colour, self.light, self.canvas.whole)

    def _neck(self) -> None:
        kind = self.garment.kind
        if kind in ("shirt", "polo"):
            self._collar()
        elif kind == "hoodie":
            self._hoodie_details()
        else:
            trim = self.random.random() < 0.2
            colour = (
                colour_of(accent_for(self.garment.colour, self.random))
                if trim
                else colour_of(self.garment.colour) * np.float32(0.86)
            )
            line = self.place.to_pixels(self.cut.neckline)
            self.canvas.line(line, self.place.scale * (0.05 if kind == "knit" else 0.032), colour, 1.0)
            self._seam(self.cut.neckline + np.array((0, 0.026)), 0.5)

    def _collar(self) -> None:
        cut, kind = self.cut, self.garment.kind
        depth, neck = cut.depth, cut.neck
        end = cut.length - 0.02 if kind == "shirt" else depth + self.random.uniform(0.2, 0.28)
        half = 0.026
        placket = np.array([[-half, depth], [half, depth], [half, end], [-half, end]])
        tone = colour_of(self.garment.colour)
        self._flat_lit(placket, tone * np.float32(0.97))
        for x in (-half, half):
            self._seam(np.array([[x, depth], [x, end]]), 0.4)
        self._buttons(depth, end)
        trim = (
            colour_of(accent_for(self.garment.colour, self.random)) if self.random.random() < 0.12 else tone
        )
        for side in (1, -1):
            leaf = np.concatenate(
                [
                    curve((neck * 0.98, -0.05), (neck * 1.22, 0.03), (neck * 1.02, 0.16)),
                    curve((neck * 1.02, 0.16), (neck * 0.45, depth * 0.95), (0.0, depth + 0.01)),
                    curve((0.0, depth + 0.01), (neck * 0.6, depth * 0.35), (neck * 0.98, -0.05)),
                ]
            ) * (side, 1)
            self._flat_lit(leaf, trim * np.float32(1.03))
            self._seam(leaf, 0.6)
        if kind == "shirt" and self.random.random() < 0.6:
            self._breast_pocket()

    def _buttons(self, depth: float, end: float) -> None:
        light = sum(self.garment.colour) < 420
        colour = colour_of((240, 238, 230) if light else (70, 60, 55))
        step = 0.15 if self.garment.kind == "shirt" else 0.09
        for y in np.arange(depth + 0.06, end - 0.02, step):
            self._button(0.0, float(y), colour)

    def _breast_pocket(self) -> None:
        x, y, w = self.cut.chest * 0.42, 0.42, 0.2
        left, right = x - w / 2, x + w / 2
        low, tip = y + 0.2, y + 0.23
        outline = [[left, y], [right, y], [right, low], [x, tip], [left, low], [left, y]]
        self._seam(np.array(outline), 0.55)

    def _hoodie_details(self) -> None:
        cut = self.cut
        opening = symmetric(
            curve((0, -0.2), (cut.neck * 0.75, -0.15), (cut.neck * 0.85, 0.0), (0, cut.depth + 0.02))
        )
        self._flat(opening, self.dark * np.float32(0.8))
        self._seam(np.concatenate([opening, opening[:1]]), 0.6)
        cord = colour_of((235, 235, 232)) if sum(self.garment.colour) < 600 else colour_of((90, 90, 94))
        for side in (1, -1):
            reach = self.random.uniform(0.26, 0.36)
            line = curve(
                (side * 0.06, cut.depth),
                (side * 0.08, cut.depth + reach / 2),
                (side * self.random.uniform(0.05, 0.09), cut.depth + reach),
            )
            self.canvas.line(self.place.to_pixels(line), max(1.0, self.place.scale * 0.014), cord, 1.0)
        self._front_pocket()

    def _front_pocket(self) -> None:
        cut = self.cut
        top, low, wide = cut.length * 0.62, cut.length * 0.88, cut.chest * 0.62
        pocket = np.array(
            [
                [-wide, low],
                [-wide * 0.96, top + 0.12],
                [-wide * 0.62, top],
                [wide * 0.62, top],
                [wide * 0.96, top + 0.12],
                [wide, low],
            ]
        )
        self._seam(pocket, 0.75)

    def _flat_lit(self, points: Points, colour: Tone) -> None:
        outline = self.place.to_pixels(points)
        if box := self.canvas.box_of(outline):
            across, along = self.place.to_units(*box, UPRIGHT)
            plain = self.garment.pattern in ("plain", "blocks")
            colours = colour if plain else self.pattern(across, along)
            self.canvas.lay(outline, colours, self.light[box.slices] * np.float32(1.02), box)

    def _button(self, x: float, y: float, colour: Tone) -> None:
        turns = np.linspace(0, 2 * math.pi, 14)
        radius = 0.013
        self._flat(np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1), colour)

    def _ends(self) -> None:
        """Stitch hem and sleeves where they have no rib."""
        cut = self.cut
        if cut.hem is None:
            bottom = cut.body.outline[cut.body.outline[:, 1] > cut.length * 0.97]
            if len(bottom) > 2:
                ordered = bottom[np.argsort(bottom[:, 0])]
                self._seam(ordered - (0, 0.035), 0.35)
        for part in () if cut.cuffs else cut.sleeves:
            far = part.outline - part.frame.origin
            reach = (far**2).sum(axis=1)
            end = part.outline[np.argsort(reach)[-2:]]
            inward = (np.array(part.frame.origin) - end.mean(axis=0)) * 0.06
            self._seam(end + inward, 0.4)
