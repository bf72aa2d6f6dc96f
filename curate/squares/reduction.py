"""An image and its facts in; its square at all levels out."""

from collections.abc import Mapping
from typing import Any

from curate.pixels.measure import Pixels
from curate.squares.crop import WHOLE, box_in, square_of
from curate.squares.levels import Flat, flat_of, levels_of
from fashion_pggan.params import CurateParams


def reduce(pixels: Pixels, facts: Mapping[str, Any], params: CurateParams) -> Flat:
    """Crop an image to the square that its facts give, and reduce that to every level."""
    box = WHOLE if params.crop == "centre" else box_in(facts, params)
    square = square_of(facts, params).of(pixels, box)
    return flat_of(levels_of(square, params.resolution, enlarge=params.enlarge))
