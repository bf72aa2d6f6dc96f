"""The table of a ladder: a row per candidate, over its seeds."""

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from experiments.candidates import CANDIDATES
from fashion_pggan.storage.files import write_text

PREFIX = "SWDx1e3_"


def write_table(folder: Path) -> str:
    """Write `table.md` of all results in a folder; returns what was written last, in a line.

    Args:
        folder: of trials, each with a `result.json` once it has ended.
    """
    results = [json.loads(path.read_text()) for path in sorted(folder.glob("*/result.json"))]
    rows = defaultdict(list)
    for result in results:
        rows[result["name"]].append(result)
    levels = [key for key in results[0]["swd"]["last"] if key.startswith(PREFIX)]
    heads = ["candidate", "seeds", "kimg", *(key.removeprefix(PREFIX) for key in levels), "times the floor"]
    lines = [_line([*heads, "minutes of CPU"]), _line(["---"] * (len(heads) + 1))]
    lines += [_line(_row(name, rows[name], levels)) for name in CANDIDATES if name in rows]
    floor = results[0]["swd"]["floor"]
    lines.append(_line(["floor", "", "", *(f"{floor[key]:.1f}" for key in levels), "1", ""]))
    reasons = [f"- `{name}`: {CANDIDATES[name].helps}" for name in CANDIDATES if name in rows]
    write_text(folder / "table.md", "\n".join([*lines, "", *reasons]) + "\n")
    return f"{len(results)} trainings in {folder / 'table.md'}"


def _row(name: str, results: list[dict[str, Any]], levels: list[str]) -> list[str]:
    ends = [result["swd"]["last"] for result in results]
    figures = [_spread([end[key] for end in ends]) for key in levels]
    ratio = _spread([end["ratio_to_floor"] for end in ends], digits=2)
    minutes = _spread([result["cpu_s"] / 60 for result in results])
    return [f"`{name}`", str(len(results)), f"{ends[0]['kimg']:.0f}", *figures, ratio, minutes]


def _spread(values: list[float], digits: int = 1) -> str:
    """The mean, and the least and the greatest value."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
