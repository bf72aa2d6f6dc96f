"""Images side by side, as one PNG."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.outputs import WRITTEN_BY
from fashion_pggan.storage.proof.png_checksums import with_hash
from fashion_pggan.storage.shards import Images

STRIP_ROWS = 8  # at most, in a strip through training
EFFORT = 3  # of zlib, 1 to 9: a sheet takes a third of the time that 6 takes, and 3 % more bytes


def evenly(kimgs: Sequence[float], most: int = STRIP_ROWS) -> list[int]:
    """The indices of at most `most` values, evenly spread over the run, with the first and the last.

    Args:
        kimgs: where each image or snapshot stands in the run, ascending.
        most: how many to choose; fewer are chosen where values crowd.
    """
    if len(kimgs) <= most:
        return list(range(len(kimgs)))
    wanted = np.linspace(kimgs[0], kimgs[-1], most)
    nearest = np.abs(np.asarray(kimgs)[None, :] - wanted[:, None]).argmin(axis=1)  # (most,)
    return [int(place) for place in np.unique(nearest)]


def marked() -> PngInfo:
    """The text in a PNG that names this program."""
    text = PngInfo()
    text.add_text("Software", WRITTEN_BY)
    return text


def png_of(pixels: Images) -> bytes:
    """One image (h, w, 3) as PNG, with its hash."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=EFFORT, pnginfo=marked())
    return with_hash(buffer.getvalue())


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
