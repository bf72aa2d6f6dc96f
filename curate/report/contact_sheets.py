"""Contact sheets: samples of the images dropped for each reason and of those kept, for a person to check."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from curate.pixels.measure import Pixels

SIDE = 128  # pixels of an image on a sheet
CAPTION = 16  # pixels of height
GAP = 6  # pixels between tiles
FONT_SIZE = 11  # pixels
PAPER, INK, FRAME, GREY = (255, 255, 255), (40, 40, 40), (160, 160, 160), (208, 208, 208)


class Tile(NamedTuple):
    """An image on a sheet, of any size, and a few words below it."""

    pixels: Pixels
    caption: str


def sheet_of(tiles: Sequence[Tile], columns: int) -> Pixels:
    """Tiles side by side, row by row; each image is centred in a square of `SIDE` pixels.

    Smaller images are enlarged by whole factors without smoothing, larger ones reduced.

    Args:
        tiles: at least one.
        columns: how many stand side by side; fewer when there are fewer tiles.
    """
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    across, down = SIDE + GAP, SIDE + CAPTION + GAP
    sheet = Image.new("RGB", (columns * across + GAP, rows * down + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), _font()
    for place, tile in enumerate(tiles):
        left, top = GAP + place % columns * across, GAP + place // columns * down
        image = _fitted(Image.fromarray(np.ascontiguousarray(tile.pixels)))
        corner = left + (SIDE - image.width) // 2, top + (SIDE - image.height) // 2
        edge = corner[0] - 1, corner[1] - 1, corner[0] + image.width, corner[1] + image.height
        draw.rectangle(edge, FRAME)  # a white image on white paper needs an edge
        sheet.paste(image, corner)
        draw.text((left, top + SIDE + 1), _cut(tile.caption, font), fill=INK, font=font)
    return np.asarray(sheet)


def words_instead(words: str) -> Pixels:
    """A grey square that says why there is no image; a word a line."""
    tile = Image.new("RGB", (SIDE, SIDE), GREY)
    text = "\n".join(words.replace("_", " ").split())
    ImageDraw.Draw(tile).multiline_text(
        (SIDE // 2, SIDE // 2), text, fill=INK, font=_font(), anchor="mm", align="center"
    )
    return np.asarray(tile)


def chosen(names: Iterable[str], most: int) -> list[str]:
    """At most `most` distinct names, in order, evenly spread; every run chooses the same.

    Args:
        names: SHA-256 of images, so that an even spread is as good as a random draw.
        most: at least 1.
    """
    ordered = sorted(set(names))
    if len(ordered) <= most:
        return ordered
    return [ordered[place * len(ordered) // most] for place in range(most)]


def _fitted(image: Image.Image) -> Image.Image:
    longer = max(image.size)
    if longer > SIDE:
        scale = SIDE / longer
        size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
        return image.resize(size, Image.Resampling.BOX)
    factor = SIDE // longer
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _font() -> ImageFont.FreeTypeFont:
    """Pillow's own font, laid out without libraries that a machine may lack."""
    font = ImageFont.load_default(FONT_SIZE)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def _cut(words: str, font: ImageFont.FreeTypeFont) -> str:
    """As much of a caption's beginning as fits."""
    while font.getlength(words) > SIDE:
        words = words[:-1]
    return words
