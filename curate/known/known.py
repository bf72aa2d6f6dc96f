"""What a run knows of its images: from earlier runs, or by examining them now."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from curate.facts.classifier_recipe import recipe_hashes
from curate.facts.row import SCHEMA
from curate.judge import Reason
from curate.known.examine import examine_all, reduce_all
from curate.known.stores import FactStore, LevelStore
from curate.workers.local import Each
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.progress import Progress

# Bytes of levels, images, and seconds, whose results are written together: what a kill can lose.
AT_ONCE_BYTES, AT_ONCE, AT_ONCE_S = 64 * 1024**2, 256, 20.0
LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "simplejpeg")  # say what pixels are
# Facts that say which square is used.
SQUARED = [
    *("sha256", "width", "height", "box_left", "box_top", "box_width", "box_height"),
    *("border_red", "border_green", "border_blue"),
]
# What says what an image's facts are, and its pixels at every level.
SEEING = ("curate.pixels", "fashion_pggan.images.decode")
MEASURING = ("curate.facts", *SEEING)
REDUCING = ("curate.squares", *SEEING)

Result = TypeVar("Result")


class Known:
    """Facts and levels of images.

    Args:
        folder: the stores; those of other programs or parameters lie beside each other there.
        params: the curate section.
        each: the workers that examine images.
    """

    def __init__(self, folder: Path, params: CurateParams, each: Each) -> None:
        self.folder, self.params, self.each = folder, params, each
        self.decoded = 0  # images examined by this run
        asked = recipe_hashes(Path(params.classifier)) if params.classifier else []
        self.measured_by = _made_by(MEASURING, *asked)
        self.facts = FactStore(folder / f"facts-{self.measured_by}", SCHEMA)
        reduced = _made_by(REDUCING, params.resolution, params.crop, params.enlarge)
        self.at_once = max(min(AT_ONCE, AT_ONCE_BYTES // (4 * params.resolution**2)), 1)
        self.levels = LevelStore(folder / f"levels-{reduced}", params.resolution)

    def facts_of(self, files: Mapping[str, Path]) -> pa.Table:
        """The facts of the named images, sorted by SHA-256; those that are not known are examined."""
        table = self._among(files)
        known = set(table.filter(pc.invert(self._again(table)))["sha256"].to_pylist())
        missing = {name: path for name, path in files.items() if name not in known}
        if missing:
            self._examine(missing)
            table = self._among(files)
        return table

    def reduce(self, files: Mapping[str, Path]) -> None:
        """Make sure that the levels of the named images, whose facts are known, are there.

        Raises:
            UserError: an image that could be decoded before cannot be now.
        """
        names = [name for name in files if name not in self.levels]
        facts = {row["sha256"]: row for row in self._among(names).select(SQUARED).to_pylist()}
        results = reduce_all([(files[name], facts[name]) for name in names], self.params, self.each)
        for some in self._at_once(names, results, "reducing"):
            lost = [name for name, flat in some if flat is None]
            if lost:
                raise UserError(
                    f"{files[lost[0]]} could be decoded before, but not now: it has changed (run the crawl "
                    "again), or memory is short (give fewer --workers)"
                )
            self.levels.add({name: flat for name, flat in some if flat is not None})

    def _among(self, names: Iterable[str]) -> pa.Table:
        table = self.facts.table
        return table.filter(pc.is_in(table["sha256"], value_set=pa.array(list(names), pa.string())))

    def _again(self, table: pa.Table) -> pa.ChunkedArray:
        """Images too large for a smaller limit than today's, and those that took a worker down before."""
        pixels = pc.multiply(table["width"], table["height"])
        small_enough = pc.less_equal(pixels, self.params.max_pixels)
        refused = pc.equal(table["failure"], Reason.TOO_MANY_PIXELS.value)
        died = pc.equal(table["failure"], Reason.DECODER_DIED.value)  # perhaps of another's memory or time
        return pc.or_(pc.fill_null(pc.and_(refused, small_enough), False), pc.fill_null(died, False))

    def _examine(self, files: Mapping[str, Path]) -> None:
        results = examine_all(list(files.values()), self.params, self.each)
        for some in self._at_once(list(files), results, "curating"):
            changed = [name for name, result in some if result.facts["sha256"] not in (None, name)]
            if changed:
                raise UserError(
                    f"{files[changed[0]]} is not what its record says, by its SHA-256: run the crawl stage "
                    "again (dvc repro --force crawl)"
                )
            # levels first: facts that are known say that an image has been looked at
            new = {name: result.levels for name, result in some if name not in self.levels}
            self.levels.add({name: flat for name, flat in new.items() if flat is not None})
            self.facts.add([result.facts | {"sha256": name} for name, result in some])

    def _at_once(
        self, names: Sequence[str], results: Iterator[Result], doing: str
    ) -> Iterator[list[tuple[str, Result]]]:
        """Names with their results, so many at once that little is lost and memory stays small."""
        some: list[tuple[str, Result]] = []
        if not names:
            return
        until = time.monotonic() + AT_ONCE_S
        with Progress(doing, len(names), "images") as progress:
            for name, result in zip(names, results, strict=True):
                some.append((name, result))
                if len(some) == self.at_once or time.monotonic() > until:
                    yield some
                    some = []
                    until = time.monotonic() + AT_ONCE_S
                self.decoded += 1
                progress.advance()
            yield some


def _made_by(packages: Iterable[str], *values: object) -> str:
    """A short name for a program, the libraries that it calls, and what it is asked for."""
    return hash_of(program_of(*packages), [version(name) for name in LIBRARIES], *values)
