"""A cache on disk of descriptors and distances, keyed by everything they depend on.

Each entry is kept with its hash. An entry that has changed since is computed again.
"""

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evaluate.comparison.compare import describe
from evaluate.comparison.distances import Distances
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.distance.descriptors import CHANNELS, Descriptors, read_descriptors
from fashion_pggan.distance.pyramid import levels_of
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import check_room, make_folder, sha256_of, write_text
from fashion_pggan.storage.hashes import hash_memory, hashed_json, values_of
from fashion_pggan.storage.locks import LOCK, exclusive, holder_of, is_lock
from fashion_pggan.storage.targets import holds_only

# The folders that turn images into distances. A change in one of them makes everything kept invalid.
MEASURING = ("evaluate.comparison", "evaluate.sets", "fashion_pggan.distance", "fashion_pggan.storage")
KEPT_SETS = 2  # sets of descriptors; the one unused for the longest time is deleted first
HASHES = "hashes.json"
BUILDING = ".building-"  # then random letters
KEY = re.compile("[0-9a-f]{16}")  # the name of a set's folder
SET = (r"\d+(?:\.moments)?\.npy", re.escape(HASHES))  # what it holds
SCRATCH = (re.escape(LOCK), *SET, *(f"{KEY.pattern}/{name}" for name in SET))  # what a temporary folder holds

log = logging.getLogger(__name__)


class Store:
    """A folder of descriptors and of measured distances.

    Args:
        folder: made if missing; a person may delete it between two runs.
    """

    def __init__(self, folder: Path) -> None:
        self.sets, self.rows = folder / "descriptors", folder / "rows"

    @contextmanager
    def described(
        self, images: ImageSet, params: EvaluateParams, work: Work, advance: Advance
    ) -> Iterator[dict[int, Descriptors]]:
        """The descriptors of a set, as `describe` makes them: on the device if they fit, else on disk.

        On disk, the descriptors of a set with an identity are kept; others are deleted afterwards.

        Raises:
            UserError: the disk has too little room.
        """
        if work.has_room(_size_of(images, params)):
            yield describe(images, params, None, work, advance)
        elif images.identity:
            yield self._kept(images, params, work, advance)
        else:
            with self.scratch() as folder:
                self._check_room(images, params)
                yield describe(images, params, folder, work, advance)

    def _kept(
        self, images: ImageSet, params: EvaluateParams, work: Work, advance: Advance
    ) -> dict[int, Descriptors]:
        settings = params.model_dump(include={"seed", "patches_per_image", "patch_side", "smallest_level"})
        key = hash_of(images.identity, images.name, images.count, settings, program_of(*MEASURING))
        target = self.sets / key
        if target.is_dir() and not self._intact(target):
            if not holds_only(target, SET):
                raise UserError(f"{target} holds other files than descriptors: move it away, and run again")
            shutil.rmtree(target)
        if target.is_dir():
            advance(images.count)
        else:
            with self.scratch() as building:
                self._check_room(images, params)
                describe(images, params, building / key, work, advance)
                hashes = {path.name: sha256_of(path) for path in sorted((building / key).iterdir())}
                write_text(building / key / HASHES, hashed_json(hashes))
                with suppress(OSError):  # another process was faster; its result is the same
                    (building / key).rename(target)
        os.utime(target)
        self._forget()
        levels = levels_of(images.resolution, params.smallest_level)
        return {level: read_descriptors(target, level) for level in levels}

    def _intact(self, folder: Path) -> bool:
        """Whether descriptors are those that were written; the log says so when they are not."""
        try:
            hashes = values_of(read_text(folder / HASHES))
            with hash_memory() as memory:
                intact = all(memory.matches(folder / name, sha256) for name, sha256 in hashes.items())
        except (OSError, ValueError):
            intact = False
        if not intact:
            log.warning("the descriptors in %s are not those that were written: computing them again", folder)
        return intact

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A temporary folder on the same disk; folders that killed processes left are deleted."""
        make_folder(self.sets)
        for left_over in self.sets.glob(f"{BUILDING}*"):
            is_ours = is_lock(left_over / LOCK) and holds_only(left_over, SCRATCH)
            if is_ours and holder_of(left_over) is None:
                shutil.rmtree(left_over, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.sets, prefix=BUILDING) as name, exclusive(Path(name)):
            yield Path(name)

    def row(self, key: str) -> Distances | None:
        """Distances measured before; None if there are none, or they are damaged."""
        values = self.values(key)
        try:
            return None if values is None else Distances.of_plain(values)
        except (ValueError, KeyError, TypeError):
            self._say_damaged(key)
            return None

    def keep_row(self, key: str, distances: Distances) -> None:
        """Keep distances for another run."""
        self.keep_values(key, distances.plain())

    def values(self, key: str) -> dict[str, Any] | None:
        """Numbers measured before; None if there are none, or they are damaged."""
        try:
            return values_of(read_text(self._row_path(key)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            self._say_damaged(key)
            return None

    def keep_values(self, key: str, values: Mapping[str, Any]) -> None:
        """Keep numbers for another run."""
        write_text(self._row_path(key), hashed_json(values))

    def _row_path(self, key: str) -> Path:
        return self.rows / f"{key}.json"

    def _say_damaged(self, key: str) -> None:
        said = "the numbers in %s are not those that were written: measuring them again"
        log.warning(said, self._row_path(key))

    def _check_room(self, images: ImageSet, params: EvaluateParams) -> None:
        what = f"descriptors of {images.count} images need"
        check_room(self.sets, _size_of(images, params), what, "give another --store")

    def _forget(self) -> None:
        kept = [path for path in self.sets.iterdir() if KEY.fullmatch(path.name) and holds_only(path, SET)]
        for path in sorted(kept, key=lambda path: path.stat().st_mtime)[:-KEPT_SETS]:
            shutil.rmtree(path, ignore_errors=True)


def _size_of(images: ImageSet, params: EvaluateParams) -> int:
    """Bytes of a set's descriptors."""
    levels = levels_of(images.resolution, params.smallest_level)
    size = CHANNELS * params.patch_side**2 * 4  # bytes of a descriptor
    return images.count * params.patches_per_image * size * len(levels)
