"""One image as the facts are measured on it: each reduction and its foreground are made once, when needed."""

from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.foreground import Foreground, foreground_of
from curate.pixels.measure import Pixels, reduced

READ_AT = 256  # pixels, long side of the reduction used to find letters and faces
PARTED_AT = 160  # pixels, long side of the reduction used to separate garment and ground


class View:
    """An upright image of any size and content."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    @cached_property
    def seen(self) -> Pixels:
        """At most 512 pixels long."""
        return reduced(self.pixels)

    @cached_property
    def readable(self) -> Pixels:
        """At most `READ_AT` pixels long."""
        return reduced(self.seen, READ_AT)

    @cached_property
    def small(self) -> Pixels:
        """At most `PARTED_AT` pixels long."""
        return reduced(self.seen, PARTED_AT)

    @cached_property
    def grey(self) -> npt.NDArray[np.uint8]:
        """The small one in grey."""
        return np.asarray(cv2.cvtColor(self.small, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def foreground(self) -> Foreground:
        """What of the small one is not ground."""
        return foreground_of(self.small)
