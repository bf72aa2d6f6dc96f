"""Writes what a person reads about a dataset: its datasheet, contact sheets and plots."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from curate.pixels.failure import Failure
from curate.pixels.measure import Pixels
from curate.reasons import Reason
from curate.report.contact_sheets import SIDE, Tile, chosen, sheet_of, words_instead
from curate.report.datasheet import Made, datasheet_of
from curate.report.extremes import extremes_of
from curate.report.given_answers import answered
from curate.report.plots import write_plots
from curate.report.thumbnails import thumbnails_of
from curate.source.origins import Origins
from curate.source.raw import Image
from curate.workers.local import Each
from fashion_pggan.images.grid import png_of
from fashion_pggan.params import CurateParams
from fashion_pggan.provenance import commit_of
from fashion_pggan.storage.files import write_bytes, write_text
from fashion_pggan.storage.records import CuratedImage
from fashion_pggan.storage.shards import Dataset, levels_up_to

PROGRAM = ("curate", "fashion_pggan")  # whose last commit the datasheet names
DATASHEET = "datasheet.md"
SHEETS = "sheets"
KEPT = "kept"
SHEET_IMAGES = 60  # at most; for duplicates, each with the image that was kept
EXTREME = 10  # one in so many is shown on a sheet of extremes, but at least a row
SHEET_COLUMNS = 10  # even, so that pairs stay side by side
NOTHING_TO_SEE = frozenset(Failure) - {Failure.ANIMATED}  # these are not decoded for a sheet


def describe(
    folder: Path,
    files: Mapping[str, Image],
    rows: Sequence[CuratedImage],
    origins: Origins,
    params: CurateParams,
    said_by: tuple[str, str],
    apart: Mapping[str, str] = {},
    *,
    each: Each,
    plots: Path | None = None,
    answers: Mapping[str, str] = {},
) -> None:
    """Write the datasheet and the contact sheets into a dataset, and the files for `dvc plots`.

    Args:
        folder: the dataset, its shards and its index written.
        files: the raw images, by SHA-256.
        rows: of the manifest.
        origins: of the raw images.
        params: the curate section.
        said_by: who said what is worn, and what is a banner; empty when that was not asked for.
        apart: kept images that show the same and have different labels, by group.
        each: the workers that decode.
        plots: folder for the CSV files; None for none.
        answers: to the datasheet's questions.
    """
    dataset = Dataset(folder)
    made = Made(dataset.version, commit_of(*PROGRAM), *said_by, apart)
    sheet = datasheet_of(rows, origins, params, made)
    write_text(folder / DATASHEET, answered(sheet, answers))
    write_sheets(folder / SHEETS, dataset, files, rows, params.max_pixels, each)
    if plots:
        write_plots(plots, rows)


def write_sheets(
    folder: Path,
    dataset: Dataset,
    files: Mapping[str, Image],
    rows: Sequence[CuratedImage],
    max_pixels: int,
    each: Each,
) -> None:
    """Write a sheet per reason, and of the kept: one of all, one per style if asked for, and the extremes."""
    kept = {row.sha256: row for row in rows if row.kept}
    groups = {name: _drawn(name, group) for name, group in _groups(rows).items()}
    shown = {row.sha256 for group in groups.values() for row in group if _visible(row)}
    shown |= {row.duplicate_of for group in groups.values() for row in group if row.duplicate_of}
    names = sorted(shown)
    thumbnails = thumbnails_of([files[name] for name in names], side=SIDE, max_pixels=max_pixels, each=each)
    seen = dict(zip(names, thumbnails, strict=True))
    for name, group in groups.items():
        tiles = [tile for row in group for tile in _tiles(row, dataset, kept, seen)]
        write_bytes(folder / f"{name}.png", png_of(sheet_of(tiles, SHEET_COLUMNS)))
    _write_extremes(folder, dataset, list(kept.values()))


def _write_extremes(folder: Path, dataset: Dataset, kept: Sequence[CuratedImage]) -> None:
    """Write a sheet of the darkest of the kept images, one of the most blurred, one of the most unusual."""
    most = min(SHEET_IMAGES, max(len(kept) // EXTREME, SHEET_COLUMNS))
    for name, places in extremes_of((_square(row, dataset) for row in kept), most).items():
        tiles = [Tile(_square(kept[place], dataset), _caption(kept[place])) for place in places]
        write_bytes(folder / f"{KEPT}-{name}.png", png_of(sheet_of(tiles, SHEET_COLUMNS)))


def _groups(rows: Iterable[CuratedImage]) -> dict[str, list[CuratedImage]]:
    groups: dict[str, list[CuratedImage]] = defaultdict(list)
    for row in rows:
        groups[row.reason or KEPT].append(row)
        if row.kept and row.style:
            groups[f"style-{row.style}"].append(row)
    return dict(groups)


def _drawn(name: str, group: Sequence[CuratedImage]) -> list[CuratedImage]:
    """The rows of a group to show; copies with other bytes come first."""
    most = SHEET_IMAGES // 2 if name == Reason.DUPLICATE else SHEET_IMAGES
    different = [row for row in group if row.sha256 != row.duplicate_of]
    by_name = {row.sha256: row for row in different or group}
    return [by_name[sha256] for sha256 in chosen(by_name, most)]


def _visible(row: CuratedImage) -> bool:
    return not row.kept and row.reason not in NOTHING_TO_SEE


def _tiles(
    row: CuratedImage,
    dataset: Dataset,
    kept: Mapping[str, CuratedImage],
    seen: Mapping[str, Pixels | None],
) -> list[Tile]:
    """The image of a row: from the dataset when it was kept, otherwise as it was received."""
    if row.kept:
        return [Tile(_square(row, dataset), _caption(row))]
    tiles = [_received(row, seen, "" if not row.duplicate_of else "copy ")]
    if row.duplicate_of:
        tiles.append(_received(kept[row.duplicate_of], seen, "kept "))
    return tiles


def _square(row: CuratedImage, dataset: Dataset) -> Pixels:
    assert row.shard is not None
    assert row.row is not None
    level = max(level for level in levels_up_to(dataset.resolution) if level <= SIDE)
    pixels: Pixels = dataset.images([int(dataset.starts[row.shard]) + row.row], level)[0]
    return pixels


def _received(row: CuratedImage, seen: Mapping[str, Pixels | None], before: str) -> Tile:
    pixels = seen.get(row.sha256)
    if pixels is None:
        pixels = words_instead(f"{row.reason} not decoded" if _visible(row) else row.reason)
    return Tile(pixels, before + _caption(row))


def _caption(row: CuratedImage) -> str:
    """The size as received, where the header says it, and the beginning of the SHA-256."""
    size = f"{row.width}x{row.height} " if row.width else ""
    return f"{size}{row.sha256[:8]}"
