"""The result of evaluating a training: rows, floor, the best snapshot and its runner-up."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Self

from evaluate.comparison.distances import Distances, Estimate, Floor, plain
from evaluate.comparison.snapshots import Again, Row
from evaluate.results.notes import (
    about_colours,
    about_contrast,
    about_floor,
    about_intervals,
    about_number,
    interval_of,
)
from evaluate.results.table import chances_json, colours_json, table_lines
from fashion_pggan.storage.escaped import printable_lines


@dataclass(frozen=True)
class Evaluation:
    """The distances of all snapshots."""

    images: int  # per set
    floor: Floor
    rows: list[Row]  # least trained first
    asked: int | None = None  # images per set
    again: Distances | None = None  # of the best snapshot, on images that did not choose it
    colours_too: tuple[Distances, Distances] | None = None  # the same and a floor, normalised by the reals

    def measured_again(self, again: Again) -> Self:
        """The same with what was measured of the best on fresh images."""
        return replace(self, again=again.distances, colours_too=again.colours_too)

    @property
    def ranked(self) -> list[Row]:
        """The snapshots, smallest average distance first."""
        return sorted(self.rows, key=lambda row: row.distances.average.value)

    @property
    def best(self) -> Row:
        """The snapshot with the smallest average distance."""
        return self.ranked[0]

    @property
    def runner_up(self) -> Row | None:
        """The second-best snapshot, if it cannot be told from the best: either may be the better one."""
        first, *others = self.ranked
        if not others or not first.distances.average.untold(others[0].distances.average):
            return None
        return others[0]

    @property
    def chosen(self) -> Distances:
        """The distances to report for the best snapshot: those of fresh images, if it was measured again."""
        return self.again or self.best.distances

    @property
    def notes(self) -> list[str]:
        """What a reader must know besides the floor, a sentence each."""
        fewer = about_number(self.images, self.asked)
        flat = [
            about_contrast(row.distances, "the real set", f"the snapshot at {row.kimg:.1f} kimg")
            for row in self.rows
        ]
        return list(dict.fromkeys([*([fewer] if fewer else []), *chain.from_iterable(flat)]))

    def ratio(self, distances: Distances) -> Estimate | None:
        """An average distance over that of the floor."""
        return distances.average.over(self.floor.distances.average)

    def few(self) -> dict[str, float]:
        """Of the best snapshot, what `dvc metrics show` fits into 80 columns: averages x 1000."""
        found = {"kimg": self.best.kimg, "SWDx1e3": self.chosen.average.value}
        if ratio := self.ratio(self.chosen):
            found["ratio"] = ratio.value  # to the floor
        found["floor"] = self.floor.distances.average.value
        if self.rows[0].kimg == 0:
            found["untrained"] = self.rows[0].distances.average.value
        return {name: round(value, 2) for name, value in found.items()}

    def metrics(self, seed: int) -> dict[str, object]:
        """The rows that a reader wants first, as swd.json holds them."""
        return {
            "images": self.images,
            "images_asked": self.asked,
            "seed": seed,
            "floor": {"kind": self.floor.kind, **self.floor.distances.columns()},
            "untrained": self._facts(self.rows[0]) if self.rows[0].kimg == 0 else None,
            "best": self._facts(self.best),
            "best_again": self.again and self._facts(replace(self.best, distances=self.again)),
            "runner_up": self._facts(self.runner_up) if self.runner_up else None,
            "last": self._facts(self.rows[-1]),
        }

    def facts(self, seed: int) -> dict[str, object]:
        """The whole table with intervals, floors and ratios, as evaluation.json holds it."""
        floors = self.floor.distances.named()
        return {
            "images": self.images,
            "images_asked": self.asked,
            "seed": seed,
            "floor": {
                "kind": self.floor.kind,
                "about": about_floor(self.floor.kind, self.images),
                "columns": {name: plain(estimate) for name, estimate in floors.items()},
            },
            "notes": self.notes,
            "rows": [self._row_facts(row) for row in self.rows],
            "best": {"kimg": self.best.kimg, "snapshot": self.best.snapshot},
            "best_again": self.again and self._again_facts(self.again),
            "colours_too": self.colours_too and colours_json(*self.colours_too),
            "runner_up": self.runner_up
            and {"kimg": self.runner_up.kimg, "snapshot": self.runner_up.snapshot},
        }

    def _again_facts(self, again: Distances) -> dict[str, object]:
        columns = self._row_facts(replace(self.best, distances=again))["columns"]
        return {"columns": columns, "chances": chances_json(again)}

    def _row_facts(self, row: Row) -> dict[str, object]:
        ratios = self.floor.ratios(row.distances)
        columns = {
            name: {**plain(estimate), **{f"ratio_{key}": end for key, end in plain(ratios[name]).items()}}
            for name, estimate in row.distances.named().items()
        }
        return {"kimg": row.kimg, "snapshot": row.snapshot, "columns": columns}

    def text(self) -> str:
        """The table for a terminal."""
        labelled = [(f"{row.kimg:.1f}k", row.distances.named()) for row in self.rows]
        lines = [
            *table_lines([*labelled, (f"real ({self.floor.kind})", self.floor.distances.named())]),
            f"{self.images} images per set; lower is better; {about_intervals(self.floor.distances)}",
            *self.notes,
            f"the last line is the {self.floor.name}: {about_floor(self.floor.kind, self.images)}",
            f"best by average: {self.best.kimg:.1f}k",
        ]
        if self.again:
            lines[-1] += (
                f", {self.again.average.value:.4f} ({interval_of(self.again.average)}) on fresh images"
            )
        if self.runner_up:
            lines[-1] += f"; {self.runner_up.kimg:.1f}k cannot be told from it"
        if self.colours_too:
            lines.append(about_colours(*self.colours_too, self.floor.name))
        return printable_lines(lines)

    def _facts(self, row: Row) -> dict[str, float]:
        facts = row.columns()
        del facts["images"]  # true for all rows: one sentence is enough
        if row.distances.average.interval:
            facts["avg_low"], facts["avg_high"] = (round(end, 4) for end in row.distances.average.interval)
        if ratio := self.ratio(row.distances):
            facts["ratio_to_floor"] = round(ratio.value, 4)
        return facts
