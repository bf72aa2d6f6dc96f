"""What a run knows of its pictures: from earlier runs, or by examining them now."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curate.examine import examine_all
from curate.facts import SCHEMA, Row
from curate.judge import Reason
from curate.knowledge import FactStore, LevelStore
from curate.measure import Pixels
from curate.recipe import recipe_hashes
from fashion_pggan.files import sha256_of
from fashion_pggan.params import CurateParams, hash_of
from fashion_pggan.progress import Progress

AT_ONCE = 256  # pictures whose facts and levels are written together: what a kill can lose
# What says what the garment's box is, the facts of a picture, and its pixels at every level.
SEEING = ("decode.py", "evidence.py", "foreground.py", "measure.py")
MEASURING = (
    *("appearance.npy", "appearance.py", "classifier.py", "dedupe.py", "faces.py", "facts.py", "letters.py"),
    *("perceptual.py", "recipe.py", "style.py", *SEEING),
)
REDUCING = ("crop.py", "levels.py", *SEEING)


class Known:
    """Facts and levels of pictures.

    Args:
        folder: the stores; those of other programs or parameters lie beside each other there.
        params: the curate section.
        workers: processes that examine pictures.
    """

    def __init__(self, folder: Path, params: CurateParams, workers: int) -> None:
        self.folder, self.params, self.workers = folder, params, workers
        self.decoded = 0  # pictures examined by this run
        asked = recipe_hashes(Path(params.classifier)) if params.classifier else []
        self.facts = FactStore(folder / f"facts-{hash_of(program_of(MEASURING), *asked)}", SCHEMA)
        reduced = hash_of(program_of(REDUCING), params.resolution, params.crop, params.enlarge)
        self.levels = LevelStore(folder / f"levels-{reduced}", params.resolution)

    def facts_of(self, files: Mapping[str, Path]) -> pa.Table:
        """The facts of the named pictures, sorted by SHA-256; those that are not known are examined."""
        table = self._among(files)
        known = set(table.filter(pc.invert(self._allowed_now(table)))["sha256"].to_pylist())
        missing = {name: path for name, path in files.items() if name not in known}
        if missing:
            self._examine(missing)
            table = self._among(files)
        return table

    def reduce(self, files: Mapping[str, Path]) -> None:
        """Make sure that the levels of the named pictures are there."""
        self._examine({name: path for name, path in files.items() if name not in self.levels})

    def _among(self, names: Iterable[str]) -> pa.Table:
        table = self.facts.table
        return table.filter(pc.is_in(table["sha256"], value_set=pa.array(list(names), pa.string())))

    def _allowed_now(self, table: pa.Table) -> pa.ChunkedArray:
        """Pictures that were too large to be decoded, by a smaller limit than today's."""
        pixels = pc.multiply(table["width"], table["height"])
        small_enough = pc.less_equal(pixels, self.params.max_pixels)
        refused = pc.equal(table["failure"], Reason.TOO_MANY_PIXELS.value)
        return pc.fill_null(pc.and_(refused, small_enough), False)

    def _examine(self, files: Mapping[str, Path]) -> None:
        if not files:
            return
        rows: list[Row] = []
        reduced: list[tuple[str, Mapping[int, Pixels]]] = []
        results = examine_all(list(files.values()), self.params, self.workers)
        with Progress("curating", len(files), "pictures") as progress:
            for name, result in zip(files, results, strict=True):
                rows.append(result.facts | {"sha256": name})
                if result.levels is not None and name not in self.levels:
                    reduced.append((name, result.levels))
                if len(rows) == AT_ONCE:
                    self._keep(rows, reduced)
                progress.advance()
            self._keep(rows, reduced)

    def _keep(self, rows: list[Row], reduced: list[tuple[str, Mapping[int, Pixels]]]) -> None:
        """Levels first: facts that are known say that a picture has been looked at."""
        self.levels.add(reduced)
        self.facts.add(rows)
        self.decoded += len(rows)
        rows.clear()
        reduced.clear()


def program_of(files: Iterable[str]) -> str:
    """A short name for what these files of this package are now."""
    return hash_of(*(sha256_of(Path(__file__).with_name(name)) for name in files))
