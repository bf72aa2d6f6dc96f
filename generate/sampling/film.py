"""Many images in one file: a grid, or a film that interpolates between two garments."""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import ExifTags, Image
from torch import Tensor

from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.images.grid import png_of, sheet_of
from fashion_pggan.storage.building import scratch_folder
from fashion_pggan.storage.files import atomic_write, write_bytes
from fashion_pggan.storage.outputs import WRITTEN_BY
from fashion_pggan.storage.shards import Images
from generate.sampling.sampler import Sampler

RATE = 30  # frames per second
SMALLEST = 256  # pixels, side of a film: smaller images are enlarged
CODEC = "vp09"  # free, in the headless OpenCV, and browsers play it
AT_ONCE = 32  # images in memory
# of an MP4: players ignore it
FREE_BOX = struct.pack(">I4s", 8 + len(WRITTEN_BY), b"free") + WRITTEN_BY.encode()


def write_sheet(path: Path, rows: Sequence[Sampler], seed: int, first: int, columns: int) -> None:
    """Write images of consecutive latents as one PNG.

    Args:
        path: of the PNG.
        rows: what makes each row. A row goes on where the one before ended, if the same sampler made it, and
            otherwise starts at `first` again.
        seed: of the latents.
        first: index of the first latent.
        columns: images in a row.

    Raises:
        ArgumentError: the name does not end in .png.
    """
    check_png(path)
    images = [
        sampler.images(seed, range(first, first + columns * len([*same]))) for sampler, same in groupby(rows)
    ]
    write_bytes(path, png_of(sheet_of(np.concatenate(images), columns)))


def check_png(path: Path) -> None:
    """Check that a name ends in .png; raises ArgumentError if not."""
    if path.suffix.lower() != ".png":
        raise ArgumentError(f"OUT {path}: give a name that ends in .png")


def check_film(path: Path) -> None:
    """Check that a name ends as films do; raises ArgumentError if not."""
    if path.suffix.lower() not in (".webp", ".mp4"):
        raise ArgumentError(f"OUT {path}: give a name that ends in .webp or .mp4")


def write_film(path: Path, sampler: Sampler, first: Tensor, last: Tensor, frames: int) -> None:
    """Write the interpolation between two rows of `Sampler.latents` as a film.

    It is an animated WebP or an MP4 (VP9), by the name's ending.

    Raises:
        UserError: the name ends differently, or OpenCV lacks the codec.
    """
    check_film(path)
    images = _frames(sampler, first, last, frames)
    if path.suffix.lower() == ".webp":
        buffer, (start, *others) = BytesIO(), [Image.fromarray(image) for image in images]
        options = {"duration": 1000 // RATE, "loop": 0, "lossless": True, "exif": _exif()}
        start.save(buffer, "WEBP", save_all=True, append_images=others, **options)
        write_bytes(path, buffer.getvalue())
    else:
        with scratch_folder() as folder:
            scratch = folder / "film.mp4"
            _encode(scratch, images)
            with atomic_write(path) as file:
                file.write(scratch.read_bytes() + FREE_BOX)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = WRITTEN_BY
    return exif


def _frames(sampler: Sampler, first: Tensor, last: Tensor, frames: int) -> Iterator[Images]:
    factor = max(1, SMALLEST // sampler.resolution)
    shares = np.linspace(0, 1, frames).tolist()
    for start in range(0, frames, AT_ONCE):
        way = torch.stack([sampler.between(first, last, share) for share in shares[start : start + AT_ONCE]])
        for image in sampler.images_of(way):
            yield image.repeat(factor, axis=0).repeat(factor, axis=1)


def _encode(path: Path, images: Iterator[Images]) -> None:
    writer = None
    for image in images:
        if writer is None:
            size = image.shape[1], image.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), RATE, size)
            if not writer.isOpened():
                raise UserError("this build of OpenCV cannot write VP9: give a name that ends in .webp")
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if writer is not None:
        writer.release()
