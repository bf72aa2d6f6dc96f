"""A catalogue of drawn garments: an index gives the same bytes in any process and order."""

import io
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from demo_shop.draw.scene import draw
from demo_shop.draw.sketch import Sketch, random_of, sketch_of
from demo_shop.goods.catalogue import Product

PAGE = b"<!doctype html><title>403 Forbidden</title><h1>403 Forbidden</h1>"
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class Drawn:
    """`count` garments; some are broken, small, or copies of others, as in any shop."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.sketch = cache(sketch_of)

    def __len__(self) -> int:
        return self.count

    def product(self, index: int) -> Product:
        """The facts of a garment."""
        sketch = self.sketch(index)
        return Product(sketch.title, sketch.file_name, sketch.width, sketch.height, TYPES[sketch.format])

    def image(self, index: int) -> bytes:
        """Draw and encode a garment, with its fault if it has one."""
        sketch = self.sketch(index)
        if sketch.fault == "empty":
            return b""
        if sketch.fault == "page":
            return PAGE
        data = encoded(draw(sketch), sketch)
        return data[: len(data) * 3 // 5] if sketch.fault == "cut" else data


def encoded(pixels: npt.NDArray[np.uint8], sketch: Sketch) -> bytes:
    """Encode pixels (h, w, 3 or 4) in the sketch's format."""
    random = random_of(sketch.image_index, 2)
    options = {
        "JPEG": {"quality": int(random.integers(78, 96))},
        "PNG": {"compress_level": 1},
        "WEBP": {"quality": int(random.integers(75, 92)), "method": 0},
    }[sketch.format]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, sketch.format, **options)
    return buffer.getvalue()
