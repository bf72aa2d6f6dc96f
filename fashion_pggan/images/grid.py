"""Images side by side, as one PNG."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.shards import Images


def png_of(pixels: Images) -> bytes:
    """One image (h, w, 3) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def sheet_of(images: Images, columns: int) -> Images:
    """Images (n, h, w, 3) row by row in one (rows h, columns w, 3); places without an image are white."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height, width, 3), 255, dtype=np.uint8)
    sheet[:count] = images
    sheet = sheet.reshape(rows, columns, height, width, 3).transpose(
        0, 2, 1, 3, 4
    )  # (rows, h, columns, w, 3)
    return sheet.reshape(rows * height, columns * width, 3)


def write_grid(path: Path, images: Images, columns: int) -> None:
    """Write the sheet of images (n, h, w, 3) as PNG."""
    write_bytes(path, png_of(sheet_of(images, columns)))
