"""The page's images: samples, the strip through training, closest pairs, contact sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evaluate.report.inline_image import LARGE, SMALL, Embedded, embedded, embedded_file, read_file
from fashion_pggan.distance.descriptors import Indices
from fashion_pggan.images.grid import evenly, sheet_of
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler
from train.saved.snapshot import read_origin

COLUMNS, ROWS = 8, 4  # of the samples
ACROSS = 8  # images in a row of the strip
PAIR_COLUMNS = 8  # images in a row of copies.png, two of a pair
PAIR_SIDE = 400  # pixels, long side of a pair of images side by side
PAIR_BYTES = 25_000
KEPT, STYLE = "kept", "style-"  # names of curation's sheets


@dataclass(frozen=True)
class Pair:
    """A generated image beside its nearest training image."""

    image: Embedded
    says: str


def samples_of(snapshot: Path, seed: int, device: torch.device) -> Embedded:
    """The first of the measured images; nobody has chosen them."""
    sampler = Sampler.load(snapshot, device)
    images = sampler.images(seed, range(COLUMNS * ROWS))
    return embedded(
        sheet_of(images, COLUMNS),
        f"{COLUMNS * ROWS} generated garments of the snapshot at {sampler.kimg:.1f} kimg, side by side",
        most=LARGE,
    )


def strip_of(snapshots: Sequence[Path], seed: int, device: torch.device) -> list[tuple[float, int, Embedded]]:
    """The same latents at snapshots through training, as (kimg, resolution trained, images in a row)."""
    rows = []
    for place in evenly([read_origin(snapshot).kimg for snapshot in snapshots]):
        sampler = Sampler.load(snapshots[place], device)
        resolution = round(sampler.resolution / 2 ** int(sampler.lod))
        row = embedded(
            sheet_of(sampler.images(seed, range(ACROSS)), ACROSS),
            f"The same {ACROSS} latent vectors at {sampler.kimg:.1f} kimg, {resolution} px",
        )
        rows.append((sampler.kimg, resolution, row))
    return rows


def label_of(
    snapshot: Path, label: str, dataset: Dataset, real: Indices, seed: int, device: torch.device
) -> Embedded:
    """Two rows of generated images of a label, and two rows of real ones below."""
    count = 2 * COLUMNS
    sampler = Sampler.load(snapshot, device).of_label(label)
    made, images = sampler.images(seed, range(count)), dataset.images(real[:count], sampler.resolution)
    alt = f"{label}: {count} generated images, and {len(images)} real ones below"
    return embedded(sheet_of(np.concatenate([made, images]), COLUMNS), alt, most=LARGE)


def frames_of(models: Path) -> list[tuple[float, Embedded]]:
    """Sample grids through training, as (kimg, image)."""
    grids = sorted((models / "grids").glob("*.png"))
    return [
        (float(path.stem), image)
        for path in (grids[place] for place in evenly([float(grid.stem) for grid in grids]))
        if (image := embedded_file(path, f"Sample grid after {float(path.stem):.1f} kimg", most=LARGE))
    ]


def pairs_of(sheet: Path, copies: dict[str, Any], side: int) -> list[Pair]:
    """The closest pairs, cut from their contact sheet, closest first.

    Args:
        sheet: copies.png.
        copies: as in copies.json.
        side: pixels of one image.
    """
    pixels = read_file(sheet)
    if pixels is None:
        return []
    pairs = []
    for place, pair in enumerate(copies["pairs"]):
        row, column = divmod(2 * place, PAIR_COLUMNS)
        cut = pixels[row * side : (row + 1) * side, column * side : (column + 2) * side]
        turned = ", mirrored" if pair["mirrored"] else ""
        alt = f"Generated image {pair['generated']} beside training image {pair['training']}{turned}"
        image = embedded(cut, alt, longest=PAIR_SIDE, most=PAIR_BYTES)
        apart = f"{pair['pixels']:.1f}, {pair['bits']} bits"
        pairs.append(Pair(image, f"{pair['generated']} | {pair['training']}{turned}: {apart}"))
    return pairs


def sheets_of(folder: Path) -> dict[str, Embedded]:
    """Curation's contact sheets by name: kept, reasons images were dropped for, styles."""
    found = {}
    for path in sorted(folder.glob("*.png")):
        name = _name_of(path.stem)
        most = LARGE if name == KEPT else SMALL
        if image := embedded_file(path, f"Contact sheet of images, {name}", most=most):
            found[name] = image
    return found


def _name_of(sheet: str) -> str:
    """What a sheet shows: curation names them by `kept`, its extremes, styles, or the reason for dropping."""
    if sheet.startswith(f"{KEPT}-"):
        return f"{KEPT}: {sheet.removeprefix(f'{KEPT}-')}"
    if sheet.startswith(STYLE):
        return f"style: {sheet.removeprefix(STYLE).replace('_', ' ')}"
    return sheet if sheet == KEPT else f"dropped: {sheet}"
