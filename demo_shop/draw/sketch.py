"""Sketches: the choices for a garment and its image, as functions of the index only."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

VERSION = 1  # another number gives another catalogue

# Kind -> Korean words of the title, the query word first.
KINDS = {
    "t-shirt": ("반팔티", "반팔 티셔츠"),
    "long sleeve": ("긴팔티", "긴팔 티셔츠"),
    "shirt": ("셔츠", "남방"),
    "polo": ("카라티", "폴로셔츠"),
    "hoodie": ("후드티", "후드 티셔츠"),
    "knit": ("니트", "스웨터"),
}
FITS = {
    "오버핏": 0.57,
    "레귤러핏": 0.5,
    "슬림핏": 0.45,
    "박시핏": 0.55,
    "": 0.5,
}  # half of the chest, in units
COLOURS = {  # red, green, blue
    "블랙": (33, 33, 36),
    "차콜": (66, 68, 73),
    "그레이": (138, 141, 146),
    "멜란지": (178, 180, 183),
    "화이트": (242, 242, 240),
    "아이보리": (235, 227, 208),
    "베이지": (208, 188, 158),
    "브라운": (101, 70, 50),
    "카멜": (178, 126, 74),
    "네이비": (33, 42, 74),
    "블루": (52, 92, 165),
    "스카이블루": (150, 185, 217),
    "데님": (74, 101, 140),
    "그린": (49, 105, 73),
    "카키": (96, 98, 66),
    "올리브": (112, 112, 60),
    "민트": (158, 208, 188),
    "와인": (100, 30, 45),
    "레드": (180, 42, 42),
    "핑크": (226, 170, 178),
    "라벤더": (172, 158, 202),
    "머스타드": (205, 155, 48),
    "오렌지": (214, 106, 46),
}
COMMON = 14  # most garments have one of the first colours
PATTERNS = {
    "plain": "무지",
    "stripes": "스트라이프",
    "check": "체크",
    "print": "프린팅",
    "lettering": "레터링",
    "blocks": "배색",
    "dots": "도트",
}
PATTERNS_OF = {  # shares, in the order of PATTERNS
    "t-shirt": (0.42, 0.18, 0.0, 0.18, 0.14, 0.06, 0.02),
    "long sleeve": (0.45, 0.25, 0.0, 0.1, 0.1, 0.1, 0.0),
    "shirt": (0.45, 0.2, 0.3, 0.0, 0.0, 0.0, 0.05),
    "polo": (0.55, 0.25, 0.0, 0.0, 0.0, 0.2, 0.0),
    "hoodie": (0.5, 0.0, 0.0, 0.15, 0.25, 0.1, 0.0),
    "knit": (0.6, 0.25, 0.0, 0.0, 0.0, 0.15, 0.0),
}
SHOTS = {"flat": 0.62, "hanger": 0.2, "torso": 0.08, "two": 0.05, "banner": 0.05}
GROUNDS = {"plain": 0.6, "wood": 0.2, "cloth": 0.2}
FORMATS = {"JPEG": 0.76, "PNG": 0.15, "WEBP": 0.09}
FAULTS = {"": 0.98, "cut": 0.008, "page": 0.006, "empty": 0.006}
SMALL_SHARE = 0.08  # images below 256 px
COPY_SHARE = 0.03  # products that show an earlier product's image
ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}

Colour = tuple[int, int, int]


class Garment(NamedTuple):
    """A piece of clothing."""

    kind: str
    fit: str
    colour_name: str
    pattern: str

    @property
    def chest(self) -> float:
        """Half of its width in units; a unit is about the width of a chest."""
        return FITS[self.fit]

    @property
    def colour(self) -> Colour:
        """Of the cloth."""
        return COLOURS[self.colour_name]


@dataclass(frozen=True)
class Sketch:
    """A product and its image."""

    index: int
    image_index: int  # another product's when the image is a copy
    garment: Garment
    shot: str
    ground: str
    width: int  # pixels
    height: int
    format: str
    transparent: bool
    fault: str

    @property
    def title(self) -> str:
        """The title in the shop."""
        garment = self.garment
        words = ["남자", garment.fit, garment.colour_name, *KINDS[garment.kind], PATTERNS[garment.pattern]]
        return " ".join(word for word in words if word) + " : 데모샵"

    @property
    def file_name(self) -> str:
        """The image's file name in the shop."""
        return f"{self.garment.kind.replace(' ', '-')}-{self.image_index:06d}.{ENDINGS[self.format]}"


def random_of(index: int, purpose: int) -> np.random.Generator:
    """A random generator for an index and a purpose."""
    return np.random.default_rng([VERSION, index, purpose])


def sketch_of(index: int) -> Sketch:
    """The choices for a product."""
    random = random_of(index, 0)
    copied = index if index == 0 or random.random() >= COPY_SHARE else int(random.integers(index))
    if copied != index:
        source = sketch_of(copied)
        return Sketch(**{**vars(source), "index": index})
    width, height = _size(random)
    kind = str(random.choice(list(KINDS)))
    shot = pick(random, SHOTS)
    ground = "plain" if shot in ("torso", "banner") else pick(random, GROUNDS)
    kind_of_file = pick(random, FORMATS)
    return Sketch(
        index=index,
        image_index=index,
        garment=garment_of(random, kind),
        shot=shot,
        ground=ground,
        width=width,
        height=height,
        format=kind_of_file,
        transparent=kind_of_file == "PNG" and shot == "flat" and random.random() < 0.25,
        fault=pick(random, FAULTS),
    )


def garment_of(random: np.random.Generator, kind: str) -> Garment:
    """Choose a piece of clothing of a kind."""
    names = list(COLOURS)
    names = names[:COMMON] if random.random() < 0.75 else names
    return Garment(
        kind,
        str(random.choice(list(FITS))),
        str(random.choice(names)),
        pick(random, dict(zip(PATTERNS, PATTERNS_OF[kind], strict=True))),
    )


def pick(random: np.random.Generator, shares: dict[str, float]) -> str:
    """Pick a key by shares."""
    values = np.array(list(shares.values()))
    return str(random.choice(list(shares), p=values / values.sum()))


def _size(random: np.random.Generator) -> tuple[int, int]:
    short = int(random.integers(200, 256) if random.random() < SMALL_SHARE else random.integers(260, 900))
    aspect = float(random.choice([1.0, 1.0, 1.0, 1.2, 4 / 3]))
    long = min(round(short * aspect), 1200)
    return (short, long) if random.random() < 0.8 else (long, short)
