"""`python -m benchmarks.curation.text IMAGES [--font FONT.ttf]`: are texts seen that shops put on images?

Puts five kinds of text on 40 images each, then scores them and as many untouched ones as `--untouched` says,
none of them twice. A font with Hangul makes half of the texts Korean.
"""

import argparse
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.curation.photographs import photographs_in
from curate.facts.letters import banner_of
from curate.facts.view import View
from curate.pixels.measure import Pixels
from curate.text.detector import how_to_install, installed
from curate.text.text_lines import text_in
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

LATIN = [
    "SALE",
    "NEW ARRIVAL",
    "FREE SHIPPING",
    "BEST ITEM",
    "50% OFF",
    "LIMITED",
    "TODAY ONLY",
    "SIZE M L XL",
]
KOREAN = [
    "무료배송",
    "신상품",
    "당일발송",
    "특별할인",
    "오늘만 이 가격",
    "베스트 상품",
    "정품 보장",
    "겨울 신상 입고",
]
INKS = [
    ("#141414", "white"),
    ("white", "#141414"),
    ("#c81e28", "white"),
    ("#ffe600", "#141414"),
    ("#1e3ca0", "white"),
]
Box = tuple[float, float, float, float]  # left, top, right, bottom, pixels


class Scribe:
    """Writes random texts on images."""

    def __init__(self, seed: int, font: Path | None) -> None:
        self.random, self.font = np.random.default_rng(seed), font

    def write(self, image: Image.Image, box: Box, ink: str, edge: str | None = None) -> None:
        """A text in the middle of a box, as large as it fits."""
        korean = self.font is not None and self.random.random() < 0.5
        text = str(self.random.choice(KOREAN if korean else LATIN))
        draw, (left, top, right, bottom) = ImageDraw.Draw(image), box
        for size in range(max(round(bottom - top), 8), 7, -1):
            font = (
                ImageFont.truetype(self.font, size) if korean and self.font else ImageFont.load_default(size)
            )
            taken = draw.textbbox((0, 0), text, font=font)
            if taken[2] - taken[0] <= right - left:
                break
        at = (left + right - taken[0] - taken[2]) / 2, (top + bottom - taken[1] - taken[3]) / 2
        draw.text(at, text, ink, font, stroke_width=1 if edge else 0, stroke_fill=edge)

    def strip(self, image: Image.Image, lines: int) -> None:
        """Lines on a strip along the upper or lower edge."""
        width, height = image.size
        ground, ink = self.inks()
        tall = height * self.random.uniform(0.07, 0.12) * (1 if lines == 1 else 2)
        top = 0 if self.random.random() < 0.5 else height - tall
        ImageDraw.Draw(image).rectangle((0, top, width, top + tall), ground)
        for line in range(lines):
            row = top + tall * (line + 0.2) / lines
            self.write(image, (width * 0.07, row, width * 0.93, row + 0.6 * tall / lines), ink)

    def over(self, image: Image.Image) -> None:
        """One to three lines over the image, wherever."""
        width, height = image.size
        ink, edge = self.inks()
        tall, left = height * self.random.uniform(0.04, 0.08), width * self.random.uniform(0.02, 0.3)
        top = height * self.random.uniform(0.03, 0.7)
        for line in range(self.random.integers(1, 4)):
            row = top + 1.5 * line * tall
            self.write(image, (left, row, left + 0.68 * width, row + tall), ink, edge)

    def badge(self, image: Image.Image) -> None:
        """One to three lines in a disc in a corner."""
        (width, height), (ground, ink) = image.size, self.inks()
        side = min(width, height) * self.random.uniform(0.18, 0.28)
        left = self.random.choice([0.02 * width, 0.98 * width - side])
        top = self.random.choice([0.02 * height, 0.98 * height - side])
        ImageDraw.Draw(image).ellipse((left, top, left + side, top + side), ground)
        lines = int(self.random.integers(1, 4))
        for line in range(lines):
            row = top + side * (0.2 + 0.6 * line / lines)
            self.write(image, (left + 0.14 * side, row, left + 0.86 * side, row + 0.42 * side / lines), ink)

    def side(self, image: Image.Image) -> None:
        """Lines on a panel along the left or right edge."""
        (width, height), (ground, ink) = image.size, self.inks()
        wide, lines = width * self.random.uniform(0.2, 0.3), int(self.random.integers(3, 7))
        left = 0 if self.random.random() < 0.5 else width - wide
        ImageDraw.Draw(image).rectangle((left, 0, left + wide, height), ground)
        for line in range(lines):
            row = height * (line + 0.35) / lines
            self.write(image, (left + 0.07 * wide, row, left + 0.93 * wide, row + 0.25 * height / lines), ink)

    def inks(self) -> tuple[str, str]:
        """Two colours."""
        return INKS[self.random.integers(len(INKS))]


KINDS: dict[str, Callable[[Scribe, Image.Image], None]] = {
    "strip of one line": lambda scribe, image: scribe.strip(image, 1),
    "strip of three lines": lambda scribe, image: scribe.strip(image, 3),
    "lettering over the image": Scribe.over,
    "round badge": Scribe.badge,
    "side panel": Scribe.side,
}


def main() -> None:
    """Print recall by kind and the false alarms."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.text", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--font", type=Path, help="a font file with Hangul")
    parser.add_argument("--untouched", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="images of the folder to pass over")
    arguments = parser.parse_args()
    if not installed():
        raise UserError(f"rapidocr is not installed: run {how_to_install()}")
    scribe = Scribe(arguments.first, arguments.font)
    images = photographs_in(arguments.images, arguments.first)
    scores = {"untouched": [_scores(pixels) for pixels in islice(images, arguments.untouched)]}
    for kind, put in KINDS.items():
        written = (Image.fromarray(pixels) for pixels in islice(images, 40))
        scores[kind] = [_scores(_with(image, scribe, put)) for image in written]
    print(f"{installed()}\n\n| kind | images | text_score above 0.5 | the rule |\n|---|---|---|---|")
    for kind, given in scores.items():
        network, rule = np.mean(np.array(given) > (0.5, 0.0), axis=0)
        print(f"| {kind} | {len(given)} | {network:.3f} | {rule:.3f} |")


def _with(image: Image.Image, scribe: Scribe, put: Callable[[Scribe, Image.Image], None]) -> Pixels:
    put(scribe, image)
    return np.asarray(image)


def _scores(pixels: Pixels) -> tuple[float, float]:
    view = View(pixels)
    return text_in(view.seen, view.foreground.cut, installed()).text_score, banner_of(view.readable)


if __name__ == "__main__":
    run_command(main)
