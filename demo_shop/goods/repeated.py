"""Catalogues of many products from few drawings: an image takes milliseconds, and none is cached.

They serve tests and benchmarks, because drawing tens of thousands of garments takes long.
"""

import struct
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from demo_shop.draw.scene import draw
from demo_shop.draw.sketch import VERSION, random_of, sketch_of
from demo_shop.goods.catalogue import SHELF, Product
from fashion_pggan.errors import ArgumentError

Pixels = npt.NDArray[np.uint8]

SIDE = 384  # pixels of a repeated garment
CELLS, STRENGTH = 8, 40.0  # of the noise: cells along a side, standard deviation in grey levels
QUALITY = 85
BYTES_PER_PIXEL = 0.325  # of a stamped image: 325 KB make 1000 x 1000 pixels
FEWEST_BYTES = 4000
SETTINGS = [(90, grain) for grain in range(32, -1, -2)] + [(quality, 0) for quality in (80, 60, 40, 20, 5)]
START, COMMENT = b"\xff\xd8", b"\xff\xfe"  # of a JPEG
COMMENT_BYTES = 65_533  # of one comment, at most


class Repeated:
    """`count` products from `drawn` garments, each under coarse, soft noise of its own.

    Perceptual hashes see the noise, so that few products count as copies of each other, although there are
    only `drawn` shapes. Titles hold `shelf<k>`, where k counts shelves of a thousand: one query per shelf
    reaches all products.
    """

    def __init__(self, count: int, drawn: int) -> None:
        if drawn < 1:
            raise ArgumentError(f"--repeat {drawn}: give 1 garment or more")
        self.count, self.drawn = count, drawn
        self.garment = cache(_garment)

    def __len__(self) -> int:
        return self.count

    def product(self, index: int) -> Product:
        """The facts of a product."""
        return Product(_title(index, self.drawn), f"repeat-{index:06d}.jpg", SIDE, SIDE, "image/jpeg")

    def image(self, index: int) -> bytes:
        """The garment with this product's noise."""
        random = np.random.default_rng([VERSION, index, 3])
        cells = random.normal(0, STRENGTH, (CELLS, CELLS, 3)).astype(np.float32)
        noise = cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        pixels = cv2.add(self.garment(index % self.drawn, SIDE), noise, dtype=cv2.CV_8U)
        return _jpeg(np.asarray(pixels, np.uint8), QUALITY)


class Stamped:
    """`count` products whose JPEGs all have the same size in bytes, served at the speed of a memory copy.

    Products of one garment have the same pixels, and a comment with the product's number makes the files
    differ. They serve benchmarks of downloads; curation rightly drops all but `drawn` of them as copies.

    Args:
        count: number of products.
        drawn: number of garments.
        size: bytes of every image.
    """

    def __init__(self, count: int, drawn: int, size: int) -> None:
        if drawn < 1:
            raise ArgumentError(f"--repeat {drawn}: give 1 garment or more")
        if size < FEWEST_BYTES:
            raise ArgumentError(f"--image-bytes {size}: give {FEWEST_BYTES} or more")
        self.count, self.drawn = count, drawn
        self.side = round((size / BYTES_PER_PIXEL) ** 0.5)
        self.bodies = [_body_of(index, self.side, size) for index in range(min(drawn, count))]

    def __len__(self) -> int:
        return self.count

    def product(self, index: int) -> Product:
        """The facts of a product."""
        name, etag = f"stamped-{index:06d}.jpg", f'"stamped-{self.side}-{self.drawn}-{index}"'
        return Product(_title(index, self.drawn), name, self.side, self.side, "image/jpeg", etag)

    def image(self, index: int) -> bytes:
        """The garment's file with this product's number in a comment."""
        return START + _stamp(index) + self.bodies[index % self.drawn]


@cache
def _title_of_garment(index: int) -> str:
    return sketch_of(index).title


def _title(index: int, drawn: int) -> str:
    return f"{_title_of_garment(index % drawn)} shelf{index // SHELF}"


def _garment(index: int, side: int) -> Pixels:
    """(side, side, 3) RGB."""
    sketch = replace(sketch_of(index), width=side, height=side, format="JPEG", transparent=False, fault="")
    return draw(sketch)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=quality)
    return data


def _stamp(index: int) -> bytes:
    return _comment(b"%010d" % index)


def _comment(text: bytes) -> bytes:
    return COMMENT + struct.pack(">H", len(text) + 2) + text


def _body_of(index: int, side: int, size: int) -> bytes:
    """A JPEG without its first marker; grain and comments fill it to `size` bytes with marker and stamp."""
    pixels = _garment(index, side)
    grain = random_of(index, 4).standard_normal(pixels.shape, dtype=np.float32)
    room = size - len(START) - len(_stamp(0))
    for quality, strength in SETTINGS:
        grainy = cv2.add(pixels, grain * np.float32(strength), dtype=cv2.CV_8U)
        body = _jpeg(np.asarray(grainy, np.uint8), quality)[len(START) :]
        if len(body) <= room - 4:  # a comment has at least 4 bytes
            return _padding(room - len(body)) + body
    raise AssertionError(f"no JPEG of {side} x {side} pixels has {size} bytes")


def _padding(size: int) -> bytes:
    """Comments of `size` bytes in all, at least 4."""
    parts = []
    while size:
        text = min(size - 4, COMMENT_BYTES)
        text -= 4 * (0 < size - 4 - text < 4)  # leave room for another comment
        parts.append(_comment(bytes(text)))
        size -= text + 4
    return b"".join(parts)
