"""Distances per level of one or many comparisons: the paper's table 1."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Distances:
    """Sliced Wasserstein distances times 1000 of one comparison, finest level first."""

    by_level: dict[int, float]

    @property
    def average(self) -> float:
        """The plain mean of the levels."""
        return sum(self.by_level.values()) / len(self.by_level)

    def columns(self) -> dict[str, float]:
        """The values under the published column names, rounded to four places as published."""
        named = {f"SWDx1e3_{level}": value for level, value in self.by_level.items()}
        return {name: round(value, 4) for name, value in {**named, "SWDx1e3_avg": self.average}.items()}


@dataclass(frozen=True)
class Row:
    """A snapshot against the data set."""

    kimg: float
    images: int
    distances: Distances

    def columns(self) -> dict[str, float]:
        """All columns of the table."""
        return {"kimg": self.kimg, "images": self.images, **self.distances.columns()}


def as_csv(rows: Sequence[Row]) -> str:
    """The table as CSV, a row per snapshot."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0].columns()), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.columns() for row in rows)
    return text.getvalue()


def as_text(rows: Iterable[tuple[str, Distances]]) -> str:
    """The table for a terminal: a label and the distances per row."""
    rows = list(rows)
    names = list(rows[0][1].columns())
    width = max(len(label) for label, _ in rows)
    lines = [" " * width + "".join(f"{name:>14}" for name in names)]
    for label, distances in rows:
        lines.append(
            f"{label:<{width}}" + "".join(f"{value:14.4f}" for value in distances.columns().values())
        )
    return "\n".join(lines)
