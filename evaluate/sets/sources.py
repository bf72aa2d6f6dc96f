"""Sets of images from datasets, snapshots and folders of files."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.descriptors import Indices
from fashion_pggan.errors import UserError
from fashion_pggan.images.containers import Files
from fashion_pggan.images.reading import files_in, pixels_of
from fashion_pggan.storage.shards import INDEX, Dataset, Images
from generate.sampling.sampler import Sampler

if TYPE_CHECKING:
    from evaluate.sets.squares import Squares


def shuffled(count: int, seed: int) -> Indices:
    """All indices below `count` in a seeded order: another seed draws other images."""
    return np.random.default_rng([seed, *b"order"]).permutation(count)


def shown(dataset: Dataset, seed: int) -> Indices:
    """The images that training may show, in a seeded order: those that curation does not hold out."""
    chosen = np.flatnonzero(~dataset.held_out)
    return chosen[shuffled(len(chosen), seed)]


def of_dataset(
    dataset: Dataset,
    chosen: Indices,
    *,
    name: str = "reals",
    mirror_seed: int | None = None,
    resolution: int | None = None,
) -> ImageSet:
    """The chosen images of a dataset; with `mirror_seed`, a random half of them is mirrored.

    Their largest level, or the one of `resolution` pixels.
    """
    side = resolution or dataset.resolution
    flips = np.zeros(len(chosen), dtype=bool)
    if mirror_seed is not None:
        flips = np.random.default_rng([mirror_seed, *name.encode()]).random(len(chosen)) < 0.5

    def read(indices: range) -> Images:
        pixels = dataset.images(chosen[indices.start : indices.stop], side)
        turned = flips[indices.start : indices.stop, None, None, None]
        return np.where(turned, pixels[:, :, ::-1], pixels)

    order = hashlib.sha256(chosen.tobytes() + flips.tobytes()).hexdigest()
    identity = f"{dataset.version} {order}" + (f" {side}" if side < dataset.resolution else "")
    return ImageSet(name, len(chosen), side, read, identity, lambda index: int(chosen[index]))


def of_snapshot(sampler: Sampler, seed: int, count: int) -> ImageSet:
    """`count` images that a snapshot generates from a seed."""
    return ImageSet("fakes", count, sampler.resolution, lambda indices: sampler.images(seed, indices))


def of_path(
    path: Path,
    name: str,
    seed: int,
    scratch: Path | None = None,
    *,
    only_shown: bool = False,
    squares: "Squares | None" = None,
) -> ImageSet:
    """The images of a dataset, of a generated or exported dataset, or of any folder, in a seeded order.

    Args:
        path: the folder; without `squares` its images must be squares of one size, a power of two.
        name: of the set.
        seed: of the order.
        scratch: a folder for images that must be unpacked; None: the system's temporary folder.
        only_shown: of a dataset, those images alone that are not held out of training.
        squares: how to make squares of the images; of a dataset, the level of this resolution.

    Raises:
        UserError: there are no images, or an image does not fit; the message names it.
    """
    if (path / INDEX).is_file():
        dataset = Dataset(path)
        chosen = shown(dataset, seed) if only_shown else shuffled(len(dataset), seed)
        if squares and squares.resolution > dataset.resolution:
            raise UserError(
                f"{path} has levels up to {dataset.resolution} px: lower --size {squares.resolution}"
            )
        return of_dataset(dataset, chosen, name=name, resolution=squares.resolution if squares else None)
    if not path.is_dir():
        raise UserError(f"no folder at {path}: give a folder of images or a dataset")
    files = files_in(path, scratch)
    if not len(files):
        raise UserError(f"no images in {path}: give a folder of images or a dataset")
    order = shuffled(len(files), seed)
    side = len(_read(files, order[0], squares))

    def read(indices: range) -> Images:
        return np.stack([_read(files, order[index], squares, side) for index in indices])

    return ImageSet(name, len(files), side, read, called=lambda index: files.name(order[index]))


def _read(files: Files, index: int, squares: "Squares | None", side: int = 0) -> Images:
    data, name = files.data(index), files.name(index)
    return squares.of(data, name) if squares else pixels_of(data, name, side)
