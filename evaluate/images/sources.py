"""Where pictures to compare come from: data sets, snapshots, folders of files."""

import hashlib
from pathlib import Path

import numpy as np

from evaluate.comparison.compare import PictureSet
from fashion_pggan.distance.descriptors import Indices
from fashion_pggan.errors import UserError
from fashion_pggan.images.reading import Files, files_in, pixels_of
from fashion_pggan.shards import INDEX, Dataset, Pictures
from generate.sampling.sampler import Sampler


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
    identity = f"{dataset.version} {order}"
    return PictureSet(name, len(chosen), dataset.resolution, read, identity, lambda index: int(chosen[index]))


def of_snapshot(sampler: Sampler, seed: int, count: int) -> PictureSet:
    """`count` pictures that a snapshot makes from a seed."""
    return PictureSet("fakes", count, sampler.resolution, lambda indices: sampler.pictures(seed, indices))


def of_path(path: Path, name: str, seed: int, scratch: Path | None = None) -> PictureSet:
    """A data set, a folder that generation or an export wrote, or one of picture files, in a seeded order.

    Args:
        path: the folder; its pictures must be squares of one size, a power of two.
        name: of the set.
        seed: of the order.
        scratch: a folder for what must be unpacked to be read; None: the system's.

    Raises:
        UserError: there are no pictures, or one of them does not fit; the text names it.
    """
    if (path / INDEX).is_file():
        dataset = Dataset(path)
        return of_dataset(dataset, shuffled(len(dataset), seed), name=name)
    if not path.is_dir():
        raise UserError(f"no folder at {path}: give a folder of pictures or a data set")
    files = files_in(path, scratch)
    if not len(files):
        raise UserError(f"no pictures in {path}: give a folder of pictures or a data set")
    order = shuffled(len(files), seed)
    side = len(_read(files, order[0]))

    def read(indices: range) -> Pictures:
        return np.stack([_read(files, order[index], side) for index in indices])

    return PictureSet(name, len(files), side, read, called=lambda index: files.name(order[index]))


def _read(files: Files, index: int, side: int = 0) -> Pictures:
    return pixels_of(files.data(index), files.name(index), side)
