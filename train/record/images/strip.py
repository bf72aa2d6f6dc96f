"""The strip "through training": the same latent vectors at a few snapshots, a row each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from fashion_pggan.images.grid import evenly, png_of
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.shards import Images
from train.model.networks import as_pixels, upscale
from train.model.randomness import inputs_of
from train.record.images.samples import images_of
from train.saved.snapshot import Origin, read_origin, read_snapshot

COLUMNS = 8  # at most
LOWEST = 64  # pixels, of a row, so that its label can be read


def write_strip(
    path: Path, snapshots: Sequence[Path], *, seed: int, columns: int, device: torch.device
) -> None:
    """Write the strip as PNG.

    Args:
        path: the file to write.
        snapshots: of one run, least trained first.
        seed: of the latent vectors, as for the run's sample grids.
        columns: images in a row; at most `COLUMNS` are shown.
        device: where to compute.
    """
    chosen = evenly([read_origin(snapshot).kimg for snapshot in snapshots])
    rows = [
        _row(snapshots[place], seed=seed, columns=min(columns, COLUMNS), device=device) for place in chosen
    ]
    write_bytes(path, png_of(np.concatenate(rows)))


def _row(snapshot: Path, *, seed: int, columns: int, device: torch.device) -> Images:
    """A label and images side by side: (h, w, 3)."""
    generator, origin = read_snapshot(snapshot)
    final = generator.architecture.resolution
    size = generator.architecture.latent_size
    latents = inputs_of(seed, range(columns), size, origin.label_shares).to(device)
    native = images_of(generator.to(device), latents, origin.lod)
    side = max(final, LOWEST)
    pixels = as_pixels(upscale(native, side // native.shape[-1]))  # (columns, side, side, 3)
    images = pixels.transpose(1, 0, 2, 3).reshape(side, columns * side, 3)
    return np.concatenate([_label(origin, native.shape[-1], side), images], axis=1)


def _label(origin: Origin, resolution: int, height: int) -> Images:
    size = max(height // 16, 12)  # pixels
    label = Image.new("RGB", (15 * size // 2, height), "white")
    draw = ImageDraw.Draw(label)
    text = f"{origin.kimg:,.1f} kimg\n{resolution} px"
    draw.multiline_text(
        (label.width - size // 2, height // 2),
        text,
        "black",
        ImageFont.load_default(size),
        anchor="rm",
        align="right",
    )
    return np.asarray(label)
