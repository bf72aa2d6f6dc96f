"""What a run knows about its images: from earlier runs, or by examining them now."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from curate.facts.row import SCHEMA
from curate.known import worn
from curate.known.examine import examine_all, look_all, reduce_all
from curate.known.store_names import facts_name, levels_name, people_name
from curate.known.stores import FactStore, LevelStore
from curate.people.seen import People
from curate.pixels.failure import Failure
from curate.source.raw import Image, changed, check_unchanged
from curate.workers.local import Each
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.progress import Progress

# A batch of results is written at once, and a kill loses one batch: these are its limits.
BATCH_BYTES, BATCH_IMAGES, BATCH_S = 64 * 1024**2, 256, 20.0
SQUARE_FACTS = [  # the facts that give an image's square
    "sha256",
    "width",
    "height",
    "box_left",
    "box_top",
    "box_width",
    "box_height",
    "border_uniformity",
]

Result = TypeVar("Result")


class Known:
    """Facts and levels of images.

    Args:
        folder: holds the stores; each program and each set of parameters has its own (`store_names`).
        params: the curate section.
        each: the workers that examine images.
    """

    def __init__(self, folder: Path, params: CurateParams, each: Each) -> None:
        self.params, self.each = params, each
        self.decoded = 0  # images that this run examined or reduced
        self.facts_folder = folder / facts_name(params)
        self.facts = FactStore(self.facts_folder, SCHEMA)
        self.networks, self.detector = worn.networks_of(params), worn.detector_of(params)
        worn.warn(params)
        self.people = FactStore(folder / people_name(self.networks), worn.SCHEMA) if self.networks else None
        self.levels = LevelStore(folder / levels_name(params), params.resolution)
        self.batch = max(min(BATCH_IMAGES, BATCH_BYTES // (4 * params.resolution**2)), 1)

    def facts_of(self, files: Mapping[str, Image]) -> pa.Table:
        """The facts of the named images, sorted by SHA-256. Examines unknown images, checks all.

        Raises:
            UserError: a file's SHA-256 is not its name.
        """
        table = self._rows_of(files)
        known = set(table.filter(pc.invert(self._outdated(table)))["sha256"].to_pylist())
        missing = {name: path for name, path in files.items() if name not in known}
        check_unchanged({name: path for name, path in files.items() if name in known})
        if missing:
            self._examine(missing)
            table = self._rows_of(files)
        return worn.all_with_people(table, self._people_in(table, files), self.params)

    def reduce(self, files: Mapping[str, Image]) -> None:
        """Make sure that the levels of the named images are stored; their facts must be known.

        Raises:
            UserError: an image that could be decoded before cannot be now.
        """
        self.levels.forget_damaged(files)
        names = [name for name in files if name not in self.levels]
        facts = {row["sha256"]: row for row in self._rows_of(names).select(SQUARE_FACTS).to_pylist()}
        results = reduce_all([(files[name], facts[name]) for name in names], self.params, self.each)
        for batch in self._batches(names, results, "reducing"):
            lost = [name for name, flat in batch if flat is None]
            if lost:
                raise UserError(
                    f"{files[lost[0]]} could be decoded before, but not now, for memory is short: give "
                    "fewer --workers"
                )
            self.levels.add({name: flat for name, flat in batch if flat is not None})

    def _rows_of(self, names: Iterable[str]) -> pa.Table:
        table = self.facts.table
        return table.filter(pc.is_in(table["sha256"], value_set=pa.array(list(names), pa.string())))

    def _outdated(self, table: pa.Table) -> pa.ChunkedArray:
        """Whether to examine it again: a smaller max_pixels refused it, or its worker died."""
        pixels = pc.multiply(table["width"], table["height"])
        small_enough = pc.less_equal(pixels, self.params.max_pixels)
        refused = pc.equal(table["failure"], Failure.TOO_MANY_PIXELS.value)
        died = pc.equal(table["failure"], Failure.DECODER_DIED.value)  # memory or time may have been short
        return pc.or_(pc.fill_null(pc.and_(refused, small_enough), False), pc.fill_null(died, False))

    def _people_in(self, table: pa.Table, files: Mapping[str, Image]) -> dict[str, People]:
        """What the networks see in the images that can be decoded; looks at those that it has not seen."""
        if not self.people:
            return {}
        names = table.filter(pc.is_valid(table["pixels_hash"]))["sha256"].to_pylist()
        seen = set(self.people.table["sha256"].to_pylist())
        unseen = [name for name in names if name not in seen]
        results = look_all([files[name] for name in unseen], self.params, self.each, self.networks)
        for batch in self._batches(unseen, results, "looking for people"):
            self._add_people(batch)
        rows = self.people.table.to_pylist()
        return {row.pop("sha256"): People(**row) for row in rows}

    def _add_people(self, found: Iterable[tuple[str, People | None]]) -> None:
        if self.people:
            self.people.add([{"sha256": name, **asdict(people)} for name, people in found if people])

    def _examine(self, files: Mapping[str, Image]) -> None:
        results = examine_all(list(files.values()), self.params, self.each, networks=self.networks)
        for batch in self._batches(list(files), results, "curating"):
            others = [name for name, result in batch if result.facts["sha256"] not in (None, name)]
            if others:
                raise changed({name: files[name] for name in others})
            # Levels come first: an image with stored facts is not examined again.
            new = {name: result.levels for name, result in batch if name not in self.levels}
            self.levels.add({name: flat for name, flat in new.items() if flat is not None})
            self._add_people((name, result.people) for name, result in batch)
            self.facts.add([result.facts | {"sha256": name} for name, result in batch])

    def _batches(
        self, names: Sequence[str], results: Iterator[Result], doing: str
    ) -> Iterator[list[tuple[str, Result]]]:
        """Pairs of name and result, in batches small enough to lose and to hold in memory."""
        batch: list[tuple[str, Result]] = []
        if not names:
            return
        until = time.monotonic() + BATCH_S
        with Progress(doing, len(names), "images") as progress:
            for name, result in zip(names, results, strict=True):
                batch.append((name, result))
                if len(batch) == self.batch or time.monotonic() > until:
                    yield batch
                    batch = []
                    until = time.monotonic() + BATCH_S
                self.decoded += 1
                progress.advance()
            yield batch
