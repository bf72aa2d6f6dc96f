"""Pictures side by side, as one PNG."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fashion_pggan.files import write_bytes
from fashion_pggan.shards import Pictures


def as_pixels(pictures: Tensor) -> Pictures:
    """(n, 3, h, w) in [-1, 1] to (n, h, w, 3) uint8: rounded half to even, clamped, as published."""
    pixels = (pictures.float() * 127.5 + 127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy())


def png_of(pixels: Pictures) -> bytes:
    """One picture (h, w, 3) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def sheet_of(pictures: Pictures, columns: int) -> Pictures:
    """Pictures (n, h, w, 3) row by row in one (rows h, columns w, 3); places without a picture are white."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height, width, 3), 255, dtype=np.uint8)
    sheet[:count] = pictures
    sheet = sheet.reshape(rows, columns, height, width, 3).transpose(
        0, 2, 1, 3, 4
    )  # (rows, h, columns, w, 3)
    return sheet.reshape(rows * height, columns * width, 3)


def write_grid(path: Path, pictures: Pictures, columns: int) -> None:
    """Write the sheet of pictures (n, h, w, 3) as PNG."""
    write_bytes(path, png_of(sheet_of(pictures, columns)))
