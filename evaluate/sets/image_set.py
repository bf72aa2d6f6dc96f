"""A set of images to compare: a name, a count, and a function that reads some of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fashion_pggan.storage.shards import Images

Advance = Callable[[int], None]  # takes the number of images that were done


@dataclass(frozen=True)
class ImageSet:
    """Images that can be read from the start any number of times."""

    name: str  # seeds the patch positions: sets with other names have other patches
    count: int
    resolution: int  # pixels
    read: Callable[[range], Images]  # indices -> (n, r, r, 3) uint8
    identity: str = ""  # equal for equal images; empty: unknown, so nothing of the set is kept on disk
    called: Callable[[int], int | str] = int  # index -> number in the dataset, or file name, for people

    def part(self, start: int, count: int, name: str) -> "ImageSet":
        """`count` of the images from `start` on, under another name."""
        identity = self.identity and f"{self.identity} {start}"
        return replace(
            self,
            name=name,
            count=count,
            read=lambda indices: self.read(range(start + indices.start, start + indices.stop)),
            identity=identity,
            called=lambda index: self.called(start + index),
        )
