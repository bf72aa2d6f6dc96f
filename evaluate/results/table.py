"""Distances as tables: snapshots in the form of the paper's table 1, and one comparison in every format."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evaluate.comparison.distances import Distances, Estimate, Floor, plain
from evaluate.comparison.pair import Pair
from evaluate.comparison.snapshots import Row
from evaluate.results.notes import interval_of, notes_of
from fashion_pggan.storage.escaped import csv_of, printable_lines

CELL = 18  # characters


def as_csv(rows: Sequence[Row]) -> str:
    """The table as CSV, a row per snapshot: published columns, then the ends of each interval."""
    return _csv([{**row.columns(), **_ends(row.distances)} for row in rows])


def by_level_csv(rows: Sequence[Row], floor: Floor) -> str:
    """The table in long form for plots: a row per snapshot and level."""
    floors = floor.distances.named()
    return _csv(
        [
            {
                "kimg": row.kimg,
                "level": name.removeprefix("SWDx1e3_"),
                "distance": round(estimate.value, 4),
                **_interval("", estimate),
                "floor": round(floors[name].value, 4),
                "floor_kind": floor.kind,
            }
            for row in rows
            for name, estimate in row.distances.named().items()
        ]
    )


def table_lines(rows: Iterable[tuple[str, Mapping[str, Estimate | None]]]) -> list[str]:
    """A table for a terminal: a row per label, with the intervals in the line below."""
    rows = list(rows)
    names = list(rows[0][1])
    width = max(len(label) for label, _ in rows)
    lines = [" " * width + "".join(f"{name:>{CELL}}" for name in names)]
    for label, estimates in rows:
        lines.append(f"{label:<{width}}" + "".join(f"{_value(each):>{CELL}}" for each in estimates.values()))
        if any(each and each.interval for each in estimates.values()):
            lines.append(" " * width + "".join(f"{interval_of(each):>{CELL}}" for each in estimates.values()))
    return lines


def pair_text(pair: Pair) -> str:
    """A comparison for a terminal."""
    rows: list[tuple[str, Mapping[str, Estimate | None]]] = [("distance", pair.distances.named())]
    if pair.floor is not None:
        rows.append((f"{pair.floor.name} ({pair.floor.kind})", pair.floor.distances.named()))
        rows.append((f"times the {pair.floor.name}", pair.floor.ratios(pair.distances)))
    return printable_lines([*table_lines(rows), *notes_of(pair)])


def pair_rows(pair: Pair) -> list[dict[str, Any]]:
    """A comparison as rows, one per level and one for their average."""
    floors = pair.floor.distances.named() if pair.floor else {}
    ratios = pair.floor.ratios(pair.distances) if pair.floor else {}
    return [
        {
            "level": name.removeprefix("SWDx1e3_"),
            "images": pair.images,
            "distance": round(estimate.value, 4),
            **_interval("", estimate),
            "floor_kind": pair.floor.kind if pair.floor else None,
            "floor": round(floors[name].value, 4) if floors else None,
            **_interval("floor_", floors.get(name)),
            "ratio": round(ratio.value, 4) if (ratio := ratios.get(name)) else None,
            **_interval("ratio_", ratios.get(name)),
        }
        for name, estimate in pair.distances.named().items()
    ]


def pair_csv(pair: Pair) -> str:
    """A comparison as CSV."""
    return _csv(pair_rows(pair))


def pair_json(pair: Pair) -> dict[str, Any]:
    """A comparison for JSON."""
    return {
        "images": pair.images,
        "images_asked": pair.asked,
        "seed": pair.seed,
        "notes": notes_of(pair),
        "chances": chances_json(pair.distances),
        "colours_too": pair.colours_too and colours_json(*pair.colours_too),
        "levels": pair_rows(pair),
    }


def chances_json(distances: Distances) -> dict[str, float] | None:
    """The probabilities for two sets of one kind."""
    return dict(zip(("farther", "nearer"), distances.chances, strict=True)) if distances.chances else None


def colours_json(distances: Distances, floor: Distances | None) -> dict[str, Any]:
    """The distances with colour and contrast counted, and their floor."""
    return {
        name: each and {column: plain(estimate) for column, estimate in each.named().items()}
        for name, each in (("distance", distances), ("floor", floor))
    }


def _value(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.4f}"


def _ends(distances: Distances) -> dict[str, float | None]:
    ends: dict[str, float | None] = {}
    for name, estimate in distances.named().items():
        ends.update(_interval(f"{name}_", estimate))
    return ends


def _interval(prefix: str, estimate: Estimate | None) -> dict[str, float | None]:
    low, high = (estimate and estimate.interval) or (None, None)
    return {
        f"{prefix}low": None if low is None else round(low, 4),
        f"{prefix}high": None if high is None else round(high, 4),
    }


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    return csv_of(list(rows[0]), (list(row.values()) for row in rows))
