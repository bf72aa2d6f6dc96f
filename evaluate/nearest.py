"""The nearest training pictures of whole sets of pictures, by pixels and by what an eye would call alike."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from evaluate.comparison import Advance, PictureSet
from fashion_pggan.shards import Pictures
from generate.neighbours import Training
from generate.sampler import workers

AT_ONCE = 256  # pictures
HASH_SIDE, HASH_BITS_SIDE = 64, 16  # pixels that are transformed, lowest frequencies kept per axis

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Neighbours:
    """For each of some pictures its nearest training picture."""

    index: Indices  # (n,) in the training set
    mirrored: npt.NDArray[np.bool_]  # (n,) whether the training picture's mirror image is the near one
    pixels: npt.NDArray[np.float64]  # (n,) root mean square difference in grey levels of 255
    bits: npt.NDArray[np.int64]  # (n,) of 256 in which their perceptual hashes differ

    def closest(self, count: int) -> Indices:
        """Places of the closest pairs, closest first."""
        return np.argsort(self.pixels, kind="stable")[:count]


def training_of(pictures: PictureSet, advance: Advance = lambda _: None) -> Training:
    """A set in which others are looked up."""
    return Training(pictures.count, pictures.resolution, pictures.read, advance=advance)


def neighbours_of(
    pictures: PictureSet, training: Training, advance: Advance = lambda _: None, *, themselves: bool = False
) -> Neighbours:
    """The nearest training picture of each picture of a set.

    Args:
        pictures: to look up, of the training set's resolution.
        training: where.
        advance: told how many pictures were done.
        themselves: `pictures` are the training set's first ones; none is its own neighbour.
    """

    def one(place: int, picture: Pictures) -> tuple[int, bool, float, int]:
        near = training.nearest(picture, apart_from=place if themselves else None)[0]
        other = training.picture(near.index)
        other = other[:, ::-1] if near.mirrored else other
        bits = int((perceptual_hash(picture) != perceptual_hash(other)).sum())
        return near.index, near.mirrored, near.distance, bits

    found: list[tuple[int, bool, float, int]] = []
    for start in range(0, pictures.count, AT_ONCE):
        indices = range(start, min(start + AT_ONCE, pictures.count))
        found += workers().map(one, indices, pictures.read(indices))
        advance(len(indices))
    index, mirrored, distance, bits = zip(*found, strict=True)
    return Neighbours(np.array(index), np.array(mirrored), np.array(distance), np.array(bits))


def perceptual_hash(picture: Pictures) -> npt.NDArray[np.bool_]:
    """256 bits: which low frequencies of the brightness are above their median."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (HASH_SIDE, HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:HASH_BITS_SIDE, :HASH_BITS_SIDE].flatten()
    bits: npt.NDArray[np.bool_] = low > np.median(low)
    return bits


def read_one(pictures: PictureSet, index: int, mirrored: bool) -> Pictures:
    """One picture of a set, (r, r, 3), mirrored or not."""
    picture: Pictures = pictures.read(range(index, index + 1))[0]
    return picture[:, ::-1] if mirrored else picture
