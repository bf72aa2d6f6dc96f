"""The cut of a garment: the parts of each kind."""

import math
from dataclasses import dataclass

import numpy as np

from demo_shop.draw.shapes import Frame, Part, Points, curve, mirrored, symmetric
from demo_shop.draw.sketch import Garment

SHORT_SLEEVED = frozenset({"t-shirt", "polo"})


@dataclass(frozen=True)
class Cut:
    """The parts and lines of a garment, in units."""

    inside: Points  # the back, seen through the neck
    sleeves: tuple[Part, Part]
    cuffs: tuple[Part, Part] | None  # ribbed ends of the sleeves
    body: Part
    hem: Part | None  # ribbed end of the body
    neckline: Points  # a line
    armholes: tuple[Points, Points]  # lines
    hood: Part | None
    length: float
    chest: float
    neck: float  # half of the neck's width
    depth: float  # of the neckline below the neck's base

    @property
    def outlines(self) -> Points:
        """All points, for the garment's extent."""
        parts = [self.body, *self.sleeves, *(self.cuffs or ()), *([self.hood] if self.hood else [])]
        return np.concatenate([part.outline for part in parts])


def cut_of(garment: Garment, random: np.random.Generator, *, arms_down: bool) -> Cut:
    """Cut a garment.

    Args:
        garment: what it is.
        random: for the variation from piece to piece.
        arms_down: whether the sleeves hang, as on a hanger or a torso, or are spread.
    """
    kind, chest = garment.kind, garment.chest * random.uniform(0.96, 1.04)
    length = random.uniform(1.24, 1.44) * (1.05 if kind == "shirt" else 1.0)
    neck = random.uniform(0.15, 0.18)
    v_neck = kind in ("t-shirt", "long sleeve", "knit") and random.random() < 0.2
    depth = random.uniform(0.22, 0.3) if v_neck else random.uniform(0.09, 0.13)
    if kind in ("shirt", "polo"):
        depth = random.uniform(0.12, 0.18)
    shoulder, slope = chest * random.uniform(0.88, 0.97), random.uniform(0.09, 0.14)
    armpit = random.uniform(0.38, 0.46) * chest / 0.5
    rib = random.uniform(0.07, 0.1) if kind in ("hoodie", "knit") else 0.0
    waist = chest * random.uniform(0.93, 1.0)
    bottom = chest * (random.uniform(0.86, 0.95) if rib else random.uniform(0.96, 1.04))
    tail = random.uniform(0.05, 0.09) if kind == "shirt" else random.uniform(0.0, 0.02)

    if v_neck:
        front = np.concatenate([curve((0, depth), (neck * 0.55, depth * 0.5), (neck, 0))])
    else:
        front = curve((0, depth), (neck * 0.7, depth * 0.72), (neck, 0))
    armhole = curve((shoulder, slope), (shoulder * 0.96, armpit * 0.6), (chest, armpit))
    side = curve((chest, armpit), (waist, (armpit + length) / 2), (bottom, length - rib))
    end = curve((bottom, length - rib), (bottom * 0.5, length - rib + tail), (0, length - rib + tail * 1.2))
    top = curve((neck, 0), ((neck + shoulder) / 2, slope * 0.45), (shoulder, slope))
    body = symmetric(np.concatenate([front, top, armhole, side, end]))

    sleeves, cuffs = _sleeves(garment, random, shoulder, slope, chest, armpit, arms_down=arms_down)
    hem = None
    if rib:
        low = curve((bottom, length - rib), (bottom * 0.9, length), (0, length + 0.01))
        hem = Part(symmetric(np.concatenate([[[0, length - rib + tail * 1.2]], end[::-1], low])))
    back = curve((neck, 0), (neck * 0.6, -0.035), (0, -0.045))
    inside = symmetric(np.concatenate([back[::-1], front[::-1]]))
    neckline = np.concatenate([front[::-1], mirrored(front)])
    return Cut(
        inside=inside,
        sleeves=sleeves,
        cuffs=cuffs,
        body=Part(body),
        hem=hem,
        neckline=neckline,
        armholes=(armhole, mirrored(armhole)),
        hood=_hood(random, neck) if kind == "hoodie" else None,
        length=length,
        chest=chest,
        neck=neck,
        depth=depth,
    )


def _sleeves(
    garment: Garment,
    random: np.random.Generator,
    shoulder: float,
    slope: float,
    chest: float,
    armpit: float,
    *,
    arms_down: bool,
) -> tuple[tuple[Part, Part], tuple[Part, Part] | None]:
    short = garment.kind in SHORT_SLEEVED
    if short:
        angle, reach, end = random.uniform(38, 58), random.uniform(0.36, 0.48), random.uniform(0.21, 0.26)
    else:
        angle = random.uniform(76, 84) if arms_down else random.uniform(68, 80)
        reach, end = random.uniform(1.02, 1.18), random.uniform(0.15, 0.19)
    rib = random.uniform(0.07, 0.1) if garment.kind in ("hoodie", "knit") else 0.0
    tip, pit = np.array([shoulder, slope]), np.array([chest, armpit])
    sides, cuffs = [], []
    for sign in (1, -1):
        turn = math.radians(angle + random.uniform(-3, 3))
        along = np.array([math.cos(turn), math.sin(turn)])
        across = np.array([-math.sin(turn), math.cos(turn)])
        outer = tip + along * reach
        inner = outer + across * end
        bulge = tip + along * reach * 0.45 - across * 0.02
        elbow = (pit + inner) / 2 + across * random.uniform(-0.015, 0.02)
        frame = Frame((sign * shoulder, slope), sign * (turn - math.pi / 2))
        outline = _sleeve(tip, bulge, outer, inner, elbow, pit)
        sides.append(Part(outline * (sign, 1), frame))
        cuff = [
            outer,
            outer + along * rib + across * end * 0.08,
            inner + along * rib - across * end * 0.08,
            inner,
        ]
        cuffs.append(Part(np.array(cuff) * (sign, 1), frame))
    return (sides[0], sides[1]), ((cuffs[0], cuffs[1]) if rib else None)


def _sleeve(tip: Points, bulge: Points, outer: Points, inner: Points, elbow: Points, pit: Points) -> Points:
    """A sleeve's outline: from the shoulder's tip to the end, back to the armpit, and up the armhole."""
    upper = curve(tuple(tip), tuple(bulge), tuple(outer))
    lower = curve(tuple(inner), tuple(elbow), tuple(pit))
    back = curve(tuple(pit), (tip[0] * 0.9, pit[1] * 0.6), tuple(tip))
    return np.concatenate([upper, lower, back])


def _hood(random: np.random.Generator, neck: float) -> Part:
    width, height = neck * random.uniform(1.5, 1.75), random.uniform(0.26, 0.36)
    right = curve(
        (0, -height), (width * 0.75, -height * 0.86), (width, -height * 0.35), (neck * 1.15, 0.04), (0, 0.1)
    )
    return Part(symmetric(right))
