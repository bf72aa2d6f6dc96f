"""What a run knows about its images: from earlier runs, or by examining them now."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from curate.facts.row import SCHEMA, Row, row_of
from curate.known.asked import Kind, asks_for_styles, kinds_for
from curate.known.examine import Measured, examine_all, measure_all, reduce_all
from curate.known.fresh import as_fresh, lenient, outdated
from curate.known.measures import measures_of
from curate.known.store_names import facts_name, levels_name
from curate.known.stores import FactStore, LevelStore
from curate.known.worn import networks_of
from curate.pixels.failure import Failure
from curate.pixels.measure import Header
from curate.source.raw import Image, changed, check_unchanged
from curate.squares.crop import SQUARE_FACTS
from curate.workers.local import Each
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.progress import Progress

# A batch of results is written at once, and a kill loses one batch: these are its limits.
BATCH_BYTES, BATCH_IMAGES, BATCH_S = 64 * 1024**2, 256, 20.0

Result = TypeVar("Result")


class Known:
    """Facts and levels of images.

    Args:
        folder: holds the stores; each program and each set of parameters has its own (`store_names`).
        params: the curate section.
        each: the workers that examine images.
        kept: SHA-256 of the images that a person keeps.
    """

    def __init__(
        self, folder: Path, params: CurateParams, each: Each, kept: Collection[str] = frozenset()
    ) -> None:
        self.folder, self.params, self.each, self.kept = folder, params, each, kept
        self.decoded = 0  # images that this run examined, measured or reduced
        self.facts_folder = folder / facts_name()
        self.facts = FactStore(self.facts_folder, SCHEMA)
        self.kinds = kinds_for(params)
        self.asked = [kind for kind in self.kinds if kind.read]
        self.stores: dict[str, FactStore] = {}  # of what else was measured, by the name of its kind
        self.levels = LevelStore(folder / levels_name(params, networks_of(params)), params.resolution)
        self.batch = max(min(BATCH_IMAGES, BATCH_BYTES // (4 * params.resolution**2)), 1)

    def facts_of(self, files: Mapping[str, Image]) -> pa.Table:
        """What is asked for about the named images, sorted by SHA-256. Examines unknown images, checks all.

        Raises:
            UserError: a file's SHA-256 is not its name.
        """
        table = self._rows_of(files)
        known = set(table.filter(pc.invert(outdated(table, self.params, self.kept)))["sha256"].to_pylist())
        missing = {name: path for name, path in files.items() if name not in known}
        check_unchanged({name: path for name, path in files.items() if name in known})
        if missing:
            for kept, params in ((False, self.params), (True, lenient(self.params))):
                self._examine({n: file for n, file in missing.items() if (n in self.kept) == kept}, params)
            table = self._rows_of(files)
        table = as_fresh(table, self.params, self.kept)
        seen = table.filter(pc.is_valid(table["pixels_hash"]))["sha256"].to_pylist()
        if lost := self._measure(self.asked, {name: files[name] for name in seen}):
            self.facts.add([_died(row) for row in self._rows_of(lost).to_pylist()])
            table = as_fresh(self._rows_of(files), self.params, self.kept)
        more = [self._store(kind).table for kind in self.asked]
        return measures_of(table, more, styles=asks_for_styles(self.params))

    def measured(self, columns: type, files: Mapping[str, Image]) -> pa.Table:
        """Facts of one kind, of images that were decoded before, sorted by SHA-256; measured now if unknown.

        Args:
            columns: of the kind, such as `Quality`.
            files: where to read the images, by SHA-256.

        Raises:
            UserError: one of them cannot be decoded now.
        """
        kind = next(kind for kind in self.kinds if kind.columns is columns)
        if lost := self._measure([kind], files):
            raise _undecodable(files[lost[0]])
        return _rows_in(self._store(kind).table, files)

    def reduce(self, files: Mapping[str, Image]) -> None:
        """Make sure that the levels of the named images are stored; their facts must be known.

        Raises:
            UserError: an image that could be decoded before cannot be now.
        """
        self.levels.forget_damaged(files)
        names = [name for name in files if name not in self.levels]
        facts = self._square_facts(names)
        results = reduce_all([(files[name], facts[name]) for name in names], self.params, self.each)
        for batch in self._batches(names, results, "reducing"):
            lost = [name for name, flat in batch if flat is None]
            if lost:
                raise _undecodable(files[lost[0]])
            self.levels.add({name: flat for name, flat in batch if flat is not None})

    def _rows_of(self, names: Iterable[str]) -> pa.Table:
        return _rows_in(self.facts.table, names)

    def _store(self, kind: Kind) -> FactStore:
        if kind.name not in self.stores:
            self.stores[kind.name] = FactStore(self.folder / kind.store, kind.schema)
        return self.stores[kind.name]

    def _square_facts(self, names: Sequence[str]) -> dict[str, Row]:
        """What gives the squares of images whose facts are known."""
        more = [self._store(kind).table for kind in self.asked]
        table = measures_of(self._rows_of(names), more, styles=False)
        return {row["sha256"]: row for row in table.select(["sha256", *SQUARE_FACTS]).to_pylist()}

    def _measure(self, kinds: Sequence[Kind], files: Mapping[str, Image]) -> list[str]:
        """Measure what is not known yet of images that have pixels; the names of those that gave none now."""
        known = {kind.name: set(self._store(kind).table["sha256"].to_pylist()) for kind in kinds}
        lacking: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in files:
            lacking[tuple(kind.name for kind in kinds if name not in known[kind.name])].append(name)
        lost = []
        for unknown, names in lacking.items():
            wanted = [kind for kind in kinds if kind.name in unknown]
            results = measure_all([(files[name], name) for name in names], wanted, self.params, self.each)
            for batch in self._batches(names, results, "measuring") if wanted else ():
                lost += [name for name, measured in batch if measured is None]
                self._add((name, measured) for name, measured in batch if measured is not None)
        return lost

    def _add(self, measured: Iterable[tuple[str, Measured]]) -> None:
        """Store what was measured of images besides the facts of every image."""
        rows: dict[str, list[Row]] = defaultdict(list)
        for name, found in measured:
            for kind, row in found.items():
                rows[kind].append(row | {"sha256": name})
        for kind, added in rows.items():
            self.stores[kind].add(added)

    def _examine(self, files: Mapping[str, Image], params: CurateParams) -> None:
        for kind in self.asked:
            self._store(kind)
        results = examine_all(list(files.values()), params, self.each, kinds=self.asked)
        for batch in self._batches(list(files), results, "curating"):
            others = [name for name, result in batch if result.facts["sha256"] not in (None, name)]
            if others:
                raise changed({name: files[name] for name in others})
            # Levels come first: an image with stored facts is not examined again.
            new = {name: result.levels for name, result in batch if name not in self.levels}
            self.levels.add({name: flat for name, flat in new.items() if flat is not None})
            self._add((name, result.measured) for name, result in batch)
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


def _rows_in(table: pa.Table, names: Iterable[str]) -> pa.Table:
    return table.filter(pc.is_in(table["sha256"], value_set=pa.array(list(names), pa.string())))


def _died(facts: Row) -> Row:
    """The facts of an image that took a worker down when more was measured: those of its header."""
    header = Header(**{field.name: facts[field.name] for field in fields(Header)})
    return row_of(facts["size"], Failure.DECODER_DIED, header) | {"sha256": facts["sha256"]}


def _undecodable(image: Image) -> UserError:
    return UserError(
        f"{image} could be decoded before, but not now, for memory is short: give fewer --workers"
    )
