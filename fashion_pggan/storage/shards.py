"""Square images by level in memory-mapped shards: what curation writes and training reads.

A dataset is a folder with `index.json` and, per level (a resolution of the pyramid, 4, 8, ... R), one
`r<resolution>/<shard>.npy` per shard: uint8 arrays of shape (images, resolution, resolution, 3), RGB.
A dataset with labels has the names of the classes in `index.json`, and each image's place among them.
One that holds images out of training has the share, and the rows of those images.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import atomic_write, check_there, write_text
from fashion_pggan.storage.hashes import hash_memory

FORMAT = 1
INDEX = "index.json"
SMALLEST = 4  # pixels, side of the smallest level
UNLABELLED = -1  # the class of an image without a label

Images = npt.NDArray[np.uint8]  # (n, resolution, resolution, 3)


def levels_up_to(resolution: int) -> list[int]:
    """The resolutions of a pyramid, smallest first: 4, 8, ..., `resolution`.

    Raises:
        ValueError: `resolution` is not a power of two of 4 or more.
    """
    if resolution < SMALLEST or resolution & (resolution - 1):
        raise ValueError(
            f"a resolution of {resolution} px is not a power of two: "
            f"give {SMALLEST}, {2 * SMALLEST}, {4 * SMALLEST}, …"
        )
    return [2**power for power in range(2, resolution.bit_length())]


def header_of(shape: tuple[int, ...]) -> bytes:
    """The header of a .npy file of bytes in this shape; np.save would hide why a write failed."""
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


class ShardWriter:
    """Writes a dataset image by image; keeps the images of one shard in memory.

    Args:
        folder: an empty folder.
        resolution: side of the largest level in pixels, a power of two.
        shard_images: how many images a full shard holds.
        label_names: the classes that images may have; none: without labels.
        held_out: share of the images that should be held out of training; 0: none are.
    """

    def __init__(
        self,
        folder: Path,
        resolution: int,
        shard_images: int,
        label_names: Sequence[str] = (),
        held_out: float = 0.0,
    ) -> None:
        self.folder, self.resolution, self.shard_images = folder, resolution, shard_images
        self.label_names, self.held_out_share = list(label_names), held_out
        self.labels: list[int] = []  # of the pending images
        self.held_out: list[int] = []  # rows of the pending images
        self.pending: list[Mapping[int, npt.NDArray[np.uint8]]] = []
        self.shards: list[dict[str, object]] = []

    def add(
        self, levels: Mapping[int, npt.NDArray[np.uint8]], label: str = "", *, held_out: bool = False
    ) -> tuple[int, int]:
        """Append one image, given as resolution -> (resolution, resolution, 3), and return (shard, row).

        `label` is one of `label_names`; empty: none.
        """
        position = len(self.shards), len(self.pending)
        if held_out:
            self.held_out.append(len(self.pending))
        self.pending.append(levels)
        self.labels.append(self.label_names.index(label) if label else UNLABELLED)
        if len(self.pending) == self.shard_images:
            self._write_shard()
        return position

    def finish(self) -> str:
        """Write what is pending and the index; return the version, a hash of pixels, labels and split."""
        if self.pending:
            self._write_shard()
        version = _version_of(self.shards, self.label_names, self.held_out_share)
        labels = {"labels": self.label_names} if self.label_names else {}
        split = {"held_out": self.held_out_share} if self.held_out_share else {}
        index = {"format": FORMAT, "version": version, "resolution": self.resolution, **labels, **split}
        index["shards"] = self.shards
        write_text(self.folder / INDEX, json.dumps(index, indent=1) + "\n")
        return version

    def _write_shard(self) -> None:
        checksums = {}
        for resolution in levels_up_to(self.resolution):
            header = header_of((len(self.pending), resolution, resolution, 3))
            digest = hashlib.sha256(header)
            with atomic_write(_shard_path(self.folder, resolution, len(self.shards))) as file:
                file.write(header)
                for levels in self.pending:
                    pixels = np.ascontiguousarray(levels[resolution])
                    file.write(pixels.data)
                    digest.update(pixels.data)
            checksums[str(resolution)] = digest.hexdigest()
        labels = {"labels": self.labels} if self.label_names else {}
        split = {"held_out": self.held_out} if self.held_out_share else {}
        self.shards.append({"images": len(self.pending), "sha256": checksums, **labels, **split})
        self.pending, self.labels, self.held_out = [], [], []


class Dataset:
    """A dataset on disk, read at random by index without loading it.

    A shard is checked against its SHA-256 when it is first used; an intact one is remembered.

    Args:
        folder: the dataset.

    Raises:
        UserError: there is no dataset in `folder`, it is empty, its index is damaged, or another version of
            the program wrote it.
    """

    def __init__(self, folder: Path) -> None:
        index_path = folder / INDEX
        check_there(folder, "a dataset, or run the curate stage first (dvc repro curate)")
        if not index_path.is_file():
            raise UserError(f"no dataset in {folder}: run the curate stage first (dvc repro curate)")
        try:
            index = json_in(read_text(index_path))
            if index["format"] != FORMAT:
                raise ValueError(f"format {index['format']}, this program reads {FORMAT}")
            self.version: str = index["version"]
            self.resolution: int = index["resolution"]
            self.counts: list[int] = [shard["images"] for shard in index["shards"]]
            self.checksums: list[dict[str, str]] = [shard["sha256"] for shard in index["shards"]]
            self.label_names: list[str] = index.get("labels", [])
            labels = [label for shard in index["shards"] for label in shard.get("labels", ())]
            self.labels = np.array(labels or [UNLABELLED] * sum(self.counts), np.int64)  # (images,)
            self.held_out_share: float = index.get("held_out", 0.0)  # that was asked for
            self.held_out = _held_out(index["shards"])  # (images,), whether training leaves it out
            version = _version_of(index["shards"], self.label_names, self.held_out_share)
            whole = version == self.version and self._lists_all_levels()
            if self.counts and not whole:
                raise ValueError("it is not what was written, by the version in it")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UserError(
                f"{index_path} cannot be read ({error}): delete {folder} and run dvc repro"
            ) from error
        if not self.counts:
            raise UserError(f"the dataset in {folder} has no images: run the curate stage again")
        self.folder = folder
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        self._shard = cache(self._open)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def images(self, indices: Sequence[int] | npt.NDArray[np.int64], resolution: int) -> Images:
        """The images at `indices`, in that order, as (n, resolution, resolution, 3) uint8 RGB.

        Raises:
            IndexError: an index lies outside the dataset.
            ValueError: the dataset has no level of this resolution.
        """
        wanted = np.asarray(indices, dtype=np.int64)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(f"indices {wanted.min()} to {wanted.max()} of a dataset of {len(self)} images")
        self._check_level(resolution)
        out = np.empty((len(wanted), resolution, resolution, 3), dtype=np.uint8)
        shard_of = np.searchsorted(self.starts, wanted, side="right") - 1
        for shard in np.unique(shard_of):
            mine = shard_of == shard
            out[mine] = self._shard(resolution, int(shard))[wanted[mine] - self.starts[shard]]
        return out

    def image(self, index: int, resolution: int) -> Images:
        """An image as a view of its shard, (resolution, resolution, 3) uint8 RGB: nothing is copied.

        Raises:
            IndexError, ValueError: as `images`.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} of a dataset of {len(self)} images")
        self._check_level(resolution)
        shard = int(np.searchsorted(self.starts, index, side="right")) - 1
        view: Images = self._shard(resolution, shard)[index - int(self.starts[shard])]
        return view

    def check(self) -> None:
        """Read all of it now.

        Raises:
            UserError: a shard is not what was written.
        """
        for shard in range(len(self.counts)):
            for resolution in levels_up_to(self.resolution):
                self._shard(resolution, shard)

    def shards(self) -> Iterator[tuple[Path, str]]:
        """Every shard's file and SHA-256; the files may be missing."""
        for shard, checksums in enumerate(self.checksums):
            for resolution in levels_up_to(self.resolution):
                yield _shard_path(self.folder, resolution, shard), checksums[str(resolution)]

    def _lists_all_levels(self) -> bool:
        levels = {str(level) for level in levels_up_to(self.resolution)}
        return all(set(checksums) == levels for checksums in self.checksums)

    def _check_level(self, resolution: int) -> None:
        if resolution not in levels_up_to(self.resolution):
            raise ValueError(f"no level of {resolution} px in a dataset of {self.resolution} px")

    def _check(self, resolution: int, shard: int) -> None:
        path = _shard_path(self.folder, resolution, shard)
        with hash_memory() as memory:
            whole = path.is_file() and memory.matches(path, self.checksums[shard][str(resolution)])
        if not whole:
            raise UserError(
                f"{path} is not what was written, by its SHA-256 in index.json: delete {self.folder} and run "
                "dvc repro"
            )

    def _open(self, resolution: int, shard: int) -> Images:
        path = _shard_path(self.folder, resolution, shard)
        expected = (self.counts[shard], resolution, resolution, 3)
        try:
            self._check(resolution, shard)
            pixels: Images = np.load(path, mmap_mode="r")
        except UserError:
            raise
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} cannot be read ({error}): delete {self.folder} and run dvc repro"
            ) from error
        if pixels.shape != expected or pixels.dtype != np.uint8:
            raise UserError(
                f"{path} holds {pixels.dtype} {pixels.shape}, its index says uint8 {expected}: "
                f"delete {self.folder} and run dvc repro"
            )
        return pixels


def _held_out(shards: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.bool_]:
    """Which images are held out, by the rows that each shard names: (images,)."""
    parts = [np.zeros(shard["images"], dtype=np.bool_) for shard in shards]
    for part, shard in zip(parts, shards, strict=True):
        part[shard.get("held_out", [])] = True
    return np.concatenate([np.zeros(0, dtype=np.bool_), *parts])


def _version_of(shards: Sequence[Mapping[str, object]], label_names: Sequence[str], held_out: float) -> str:
    content: object = [shards, label_names] if label_names else shards
    if held_out:
        content = [shards, label_names, held_out]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _shard_path(folder: Path, resolution: int, shard: int) -> Path:
    return folder / f"r{resolution:04d}" / f"{shard:05d}.npy"
