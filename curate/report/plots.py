"""Counts for `dvc plots`: how many images for each reason, and of which size."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from fashion_pggan.storage.escaped import csv_of
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.records import CuratedImage

EDGES = (1, 64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)  # pixels


def write_plots(folder: Path, rows: Sequence[CuratedImage]) -> None:
    """Write curate_reasons.csv and curate_sizes.csv."""
    write_text(folder / "curate_reasons.csv", csv_of(("reason", "count"), reasons_of(rows)))
    write_text(folder / "curate_sizes.csv", csv_of(("short_side", "count"), sizes_of(rows)))


def reasons_of(rows: Iterable[CuratedImage]) -> list[tuple[str, int]]:
    """The number of images kept (as `kept`) and dropped for each reason, the largest first."""
    counts = Counter(row.reason or "kept" for row in rows)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def sizes_of(rows: Iterable[CuratedImage]) -> list[tuple[str, int]]:
    """The number of raw images by the range of their short side, in pixels, where the size is known.

    The names have leading zeros because plots sort them alphabetically.
    """
    counts = Counter(
        bisect_right(EDGES, min(row.width, row.height)) for row in rows if row.width and row.height
    )
    ends = [f"-{edge - 1:04d}" for edge in EDGES[1:]] + [" and more"]
    return [
        (f"{edge:04d}{end}", counts[place])
        for place, (edge, end) in enumerate(zip(EDGES, ends, strict=True), 1)
    ]
