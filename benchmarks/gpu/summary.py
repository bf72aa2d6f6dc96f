"""The figures of a call beside the goals, from whatever its steps have written."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Figure = tuple[str, str, str]  # what, the figure, the goal
EndedStep = tuple[str, str, float]  # name, how it ended, seconds
MISSING = "not measured"


def summary_of(call: str, results: Path, ended: list[EndedStep]) -> str:
    """Two tables: figure beside goal, and how each step ended."""
    figures = [*_tests(results), *(_first(results) if call == "1" else _second(results))]
    lines = [f"# Call {call}", "", _machine(results), "", "| what | figure | goal |", "|---|---|---|"]
    lines += [f"| {what} | {figure} | {goal} |" for what, figure, goal in figures]
    lines += ["", "| step | how it ended | seconds |", "|---|---|---|"]
    lines += [f"| {name} | {how} | {seconds:.0f} |" for name, how, seconds in ended]
    return "\n".join(lines) + "\n"


def _machine(results: Path) -> str:
    return next(iter(_text(results / "machine.txt").splitlines()), MISSING)


def _tests(results: Path) -> Iterator[Figure]:
    for path in sorted(results.glob("tests*.xml")):
        try:
            suite = ET.parse(path).getroot().find("testsuite")  # noqa: S314  # our own pytest wrote it
        except ET.ParseError:
            continue
        if suite is not None:
            total, failed, errors, skipped = (
                int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
            )
            passed = total - failed - errors - skipped
            figure = f"{passed} passed, {failed + errors} failed, {skipped} skipped"
            yield path.stem, figure, "none failed, none skipped"


def _first(results: Path) -> Iterator[Figure]:
    for path in sorted(results.glob("swd-*.txt"), key=lambda path: int(path.stem.split("-")[1])):
        yield from _distance(path)
    speeds = _speeds(results)
    of_512 = [speed for speed in speeds if speed["level"] == 512]
    yield "512 px, the fastest way", _fastest(of_512), "at most 8 s/kimg"
    small = [speed["images_per_s"] for speed in speeds if speed["level"] <= 32]
    yield (
        "slowest level up to 32 px",
        f"{min(small):.0f} images/s" if small else MISSING,
        "over 5,000 images/s",
    )
    waiting = [speed["waiting"] for speed in speeds if speed["waiting"] is not None]
    yield "waiting for images, at most", f"{max(waiting):.1%}" if waiting else MISSING, "under 3 %"
    hours = _json(results / "levels-graph.json").get("hours", {})
    yield "the paper's schedule", _of_ways(hours, "h") or MISSING, "under 6 h"
    yield from _levels(speeds)


def _distance(path: Path) -> Iterator[Figure]:
    text, images = _text(path), int(path.stem.split("-")[1])
    goal = "under 15 s" if images == 16384 else ""
    for name, seconds, memory in re.findall(
        r"\| ((?:ours|plain|of which)[^|]*) \| ([\d.]+ s) \|([^|\n]*)", text
    ):
        yield (
            f"SWD of {images} images: {name}",
            f"{seconds} {memory.strip()}".strip(),
            goal if "ours" in name else "",
        )
    for difference in re.findall(r"largest relative difference of a level: (\S+)", text):
        yield f"SWD of {images} images, against the plain version", difference, "at most 1e-4"


def _second(results: Path) -> Iterator[Figure]:
    trained = _json(results / "train.json")
    if trained:
        for name in ("images_shown", "seconds", "device"):
            yield f"training: {name}", str(trained.get(name, MISSING)), ""
    else:
        yield "training", MISSING, ""
    measured = _json(results / "reports/swd.json")
    for name in ("floor", "best", "last"):
        yield f"distance: {name}", json.dumps(measured[name]) if name in measured else MISSING, ""
    yield from _levels(_speeds(results))


def _levels(speeds: list[dict[str, Any]]) -> Iterator[Figure]:
    """Every level and way that was timed."""
    for speed in sorted(speeds, key=lambda speed: (-speed["level"], speed["way"])):
        rate = speed["images_per_s"]
        more = f"first step {speed['first_s']:.1f} s, {speed['peak_gb']:.1f} GB"
        yield (
            f"{speed['level']} px, {speed['way']}",
            f"{rate:.0f} images/s, {1000 / rate:.2f} s/kimg, {more}",
            "",
        )


def _fastest(speeds: list[dict[str, Any]]) -> str:
    if not speeds:
        return MISSING
    best = max(speeds, key=lambda speed: float(speed["images_per_s"]))
    return f"{1000 / best['images_per_s']:.2f} s/kimg ({best['way']})"


def _of_ways(values: dict[str, float], unit: str) -> str:
    return ", ".join(f"{value:.2f} {unit} ({way})" for way, value in values.items())


def _speeds(results: Path) -> list[dict[str, Any]]:
    return [speed for path in sorted(results.glob("level*.json")) for speed in _json(path).get("speeds", [])]


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
