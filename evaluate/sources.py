"""Where pictures to compare come from: data sets, snapshots, folders of files."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from evaluate.comparison import PictureSet
from evaluate.descriptors import Indices
from fashion_pggan.errors import UserError
from fashion_pggan.shards import Dataset, Pictures
from generate.sampler import Sampler

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


def shuffled(count: int, seed: int) -> Indices:
    """All indices below `count` in a seeded order: another seed draws other pictures."""
    return np.random.default_rng([seed, *b"order"]).permutation(count)


def of_dataset(
    dataset: Dataset, chosen: Indices, *, name: str = "reals", mirror_seed: int | None = None
) -> PictureSet:
    """The chosen pictures of a data set, mirrored by a seeded draw if a seed is given."""
    flips = np.zeros(len(chosen), dtype=bool)
    if mirror_seed is not None:
        flips = np.random.default_rng([mirror_seed, *name.encode()]).random(len(chosen)) < 0.5

    def read(indices: range) -> Pictures:
        pixels = dataset.pictures(chosen[indices.start : indices.stop], dataset.resolution)
        turned = flips[indices.start : indices.stop, None, None, None]
        return np.where(turned, pixels[:, :, ::-1], pixels)

    order = hashlib.sha256(chosen.tobytes() + flips.tobytes()).hexdigest()
    return PictureSet(name, len(chosen), dataset.resolution, read, f"{dataset.version} {order}")


def of_snapshot(sampler: Sampler, seed: int, count: int) -> PictureSet:
    """`count` pictures that a snapshot makes from a seed."""
    return PictureSet("fakes", count, sampler.resolution, lambda indices: sampler.pictures(seed, indices))


def of_path(path: Path, name: str, seed: int) -> PictureSet:
    """A data set, or a folder of square picture files of one size, in a seeded order.

    Raises:
        UserError: there are no pictures, or one of them does not fit; the text names it.
    """
    if (path / "index.json").is_file():
        dataset = Dataset(path)
        return of_dataset(dataset, shuffled(len(dataset), seed), name=name)
    if not path.is_dir():
        raise UserError(f"no folder at {path}: give a folder of pictures or a data set")
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
    if not files:
        raise UserError(f"no pictures in {path}: give a folder of pictures or a data set")
    files = [files[index] for index in shuffled(len(files), seed)]
    side = _read(files[0]).shape[0]

    def read(indices: range) -> Pictures:
        pictures = [_read(files[index]) for index in indices]
        for file, picture in zip((files[index] for index in indices), pictures, strict=True):
            _check(file, picture, side)
        return np.stack(pictures)

    _check(files[0], _read(files[0]), side)
    return PictureSet(name, len(files), side, read)


def _read(path: Path) -> Pictures:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a picture ({error}): remove it or mend it") from error


def _check(path: Path, picture: Pictures, side: int) -> None:
    height, width, _ = picture.shape
    if (height, width) != (side, side) or side & (side - 1):
        raise UserError(
            f"{path} is {width} x {height} px: all pictures must be squares of one size, a power of two, "
            f"here {side} px: make them with python -m curate"
        )
