"""Which square of a picture is used."""

from typing import NamedTuple

from curate.measure import Pixels


class Square(NamedTuple):
    """A square within a picture, in pixels."""

    left: int
    top: int
    side: int

    def of(self, pixels: Pixels) -> Pixels:
        """The pixels within the square."""
        return pixels[self.top : self.top + self.side, self.left : self.left + self.side]


def centre_square(width: int, height: int) -> Square:
    """The largest square in the middle; of two middles the one further left or up."""
    side = min(width, height)
    return Square((width - side) // 2, (height - side) // 2, side)
