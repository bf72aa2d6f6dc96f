"""An image of any size in; a square of it out, cropped and reduced as curation does it.

No stage reads images of any size, so that curation's code is imported for `--size` alone.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from curate.facts.evidence import garment_of
from curate.facts.view import View
from curate.people.seen import people_in
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from curate.pixels.measure import Pixels
from curate.squares.crop import square_of
from curate.squares.levels import levels_in
from curate.squares.reduction import reduce
from curate.weights.installed import installed, lacking
from curate.weights.weight_files import FILES, content_of
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.shards import Images


@dataclass(frozen=True)
class Squares:
    """Makes the square of an image that curation would make.

    Args:
        params: the curate section; its resolution and crop count.

    Raises:
        UserError: crop is top, and the networks that see people are not there, or are damaged.
    """

    params: CurateParams
    networks: str = field(init=False)  # that see people, with versions; empty where none are asked

    def __post_init__(self) -> None:
        object.__setattr__(self, "networks", _networks() if self.params.crop == "top" else "")

    @property
    def resolution(self) -> int:
        """Pixels, side of the squares."""
        return self.params.resolution

    def of(self, data: bytes, name: str) -> Images:
        """The square of an image, (resolution, resolution, 3) uint8.

        Args:
            data: the file's bytes.
            name: for errors.

        Raises:
            UserError: it cannot be read, or its square is below the resolution.
        """
        pixels = _pixels_of(data, name)
        height, width, _ = pixels.shape
        facts = {"width": width, "height": height, **self._seen(View(pixels))}
        side = square_of(facts, self.params).side
        if side < self.resolution:
            raise UserError(
                f"{name} is {width} x {height} px and gives a square of {side} px: lower --size "
                f"{self.resolution}, or remove it"
            )
        return levels_in(reduce(pixels, facts, self.params), self.resolution)[self.resolution]

    def _seen(self, view: View) -> dict[str, Any]:
        """What gives the square, besides the image's size."""
        garment = {} if self.params.crop == "centre" else asdict(garment_of(view))
        return garment | (asdict(people_in(view.seen, self.networks)) if self.params.crop == "top" else {})


def _networks() -> str:
    if missing := lacking():
        raise UserError(f"--crop top looks for people, but {missing.what}: run {missing.how}")
    for file in FILES:
        content_of(file)
    return installed()


def _pixels_of(data: bytes, name: str) -> Pixels:
    try:
        opened = open_image(data)
        if opened.header.animated:
            raise Refused(Failure.ANIMATED)
        return decode(opened).pixels
    except Refused as refused:
        raise UserError(
            f"{name} cannot be read as an image ({refused.failure}): remove it, or replace it"
        ) from refused
