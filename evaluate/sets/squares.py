"""An image of any size in; a square of it out, cropped and reduced as curation does it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from curate.facts.evidence import garment_of
from curate.facts.view import View
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from curate.squares.crop import square_of
from curate.squares.levels import levels_in
from curate.squares.reduction import reduce
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.shards import Images


def square_in(data: bytes, name: str, params: CurateParams) -> Images:
    """The square of an image that curation would make.

    Args:
        data: the file's bytes.
        name: for errors.
        params: the curate section; its resolution and crop count.

    Returns:
        (resolution, resolution, 3) uint8.

    Raises:
        UserError: it cannot be read, or its square is below the resolution.
    """
    try:
        opened = open_image(data)
        if opened.header.animated:
            raise Refused(Failure.ANIMATED)
        pixels = decode(opened).pixels
    except Refused as refused:
        raise UserError(
            f"{name} cannot be read as an image ({refused.failure}): remove it, or replace it"
        ) from refused
    height, width, _ = pixels.shape
    facts: Mapping[str, Any] = {"width": width, "height": height}
    if params.crop == "garment":
        facts = {**facts, **asdict(garment_of(View(pixels)))}
    side = square_of(facts, params).side
    if side < params.resolution:
        raise UserError(
            f"{name} is {width} x {height} px and gives a square of {side} px: lower --size "
            f"{params.resolution}, or remove it"
        )
    return levels_in(reduce(pixels, facts, params), params.resolution)[params.resolution]
