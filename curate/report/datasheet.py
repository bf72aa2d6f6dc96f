"""The datasheet of a dataset: facts from its records, and questions that only a person can answer.

Source: Gebru et al. 2021, "Datasheets for Datasets", arXiv:1803.09010.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from curate.copies.splits import SPLITS, TEST
from curate.report.label_table import conflicts
from curate.report.questions import asked
from curate.source.origins import Origins
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.bounded.urls import host_in
from fashion_pggan.storage.escaped import markdown
from fashion_pggan.storage.records import CuratedImage
from fashion_pggan.storage.shards import levels_up_to

LISTED = 20  # rows of a table; the rest are counted together


class Made(NamedTuple):
    """What a dataset is, and what made it."""

    version: str  # of the dataset
    program: str  # its name, version and commit
    detector: str  # who said what is worn; empty when styles were not asked for
    reader: str = ""  # who said what is a banner; empty when nobody asked
    apart: Mapping[str, str] = {}  # kept images that show the same and have different labels, by group


def datasheet_of(rows: Sequence[CuratedImage], origins: Origins, params: CurateParams, made: Made) -> str:
    """Markdown: seven sections, facts and open questions.

    Args:
        rows: of the manifest.
        origins: of the raw images.
        params: the curate section.
        made: what made it.
    """
    kept = [row for row in rows if row.kept]
    sections = {
        "Motivation": "",
        "Composition": _composition(rows, kept, params, made.apart),
        "Collection process": _collection(kept, origins),
        "Preprocessing, cleaning, labelling": _preprocessing(rows, params, made),
        "Uses": "",
        "Distribution": _distribution(kept),
        "Maintenance": _maintenance(made.version),
    }
    title = f"# Datasheet of dataset {made.version}\n\nWritten from the records alone, by {made.program}.\n"
    title += "Answer the questions in datasheet.yaml: every run writes this file again.\n"
    parts = [
        f"\n## {name}\n\n{facts}{chr(10) if facts else ''}{asked(name)}" for name, facts in sections.items()
    ]
    return title + "".join(parts)


def _composition(
    rows: Sequence[CuratedImage],
    kept: Sequence[CuratedImage],
    params: CurateParams,
    apart: Mapping[str, str],
) -> str:
    sides = sorted(min(row.width, row.height) for row in kept if row.width and row.height)
    files = len({row.sha256 for row in rows})
    levels = ", ".join(map(str, levels_up_to(params.resolution)))
    facts = [
        (
            f"Each instance is one square colour image of {params.resolution} x {params.resolution} pixels, "
            f"8-bit sRGB, also at every level of the pyramid: {levels} pixels."
        ),
        f"Images: {len(kept):,}, chosen from {len(rows):,} raw images ({files:,} different files).",
        f"Short side of the originals: {sides[0]} to {sides[-1]} pixels, median {sides[len(sides) // 2]}.",
        (
            "With each: SHA-256 and size of its original, the square that was cut from it, and where it came "
            f"from: an address for {_share(kept, 'url')}, a title for {_share(kept, 'title')}, a query for "
            f"{_share(kept, 'query')} (manifest.parquet)."
        ),
        _split(kept, params.held_out),
        "No original is in the dataset twice (see Preprocessing).",
        *_conflicts(kept),
        *_apart(apart),
    ]
    return _listed(facts) + _labels(kept, params, apart)


def _labels(kept: Sequence[CuratedImage], params: CurateParams, apart: Mapping[str, str]) -> str:
    """Tables of the labels; empty without any."""
    labels = Counter(row.label or "none" for row in kept) if params.labels else Counter()
    voted = {row.sha256: row.label_votes for row in kept if "," in row.label_votes}
    return (
        _counted("Images kept by label", "label", labels)
        + _counted("Where labels come from", "source", Counter(row.label_source for row in kept if row.label))
        + _table("Images whose copies, queries or rows say other labels", ("image", "votes"), _first(voted))
        + _table("Groups of kept images with different labels", ("group", "labels"), _first(apart))
    )


def _first(found: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(found.items())[:LISTED]


def _conflicts(kept: Sequence[CuratedImage]) -> list[str]:
    if not (count := conflicts(kept)):
        return []
    fact = (
        f"Near-duplicates with different labels: {count:,} images. What most of the files say that show the "
        f"same is the label (`label_votes` in manifest.parquet); the first {LISTED} are below."
    )
    return [fact]


def _apart(apart: Mapping[str, str]) -> list[str]:
    if not apart:
        return []
    fact = (
        f"Kept images that show the same and have different labels: {len(apart):,} groups, such as one "
        f"garment in two colours; the first {LISTED} are below, each by the smallest SHA-256 of its files "
        "(`group` in an export)."
    )
    return [fact]


def _split(kept: Sequence[CuratedImage], held_out: float) -> str:
    """Which images training leaves out, and what is recommended where it leaves none out."""
    if held_out:
        count = sum(row.split == TEST for row in kept)
        return (
            f"Held out: {count:,} of {len(kept):,} images, by a hash of each group of near-duplicates "
            f"(`curate.held_out` {held_out:g}); the column `split` of manifest.parquet and of an export says "
            "test of them. The training stage of this program never shows them."
        )
    return (
        "The recommended split is the column `split` of an export (see Distribution), by a hash of each "
        f"group of near-duplicates: {SPLITS.test:.0%} for test, {SPLITS.validation:.0%} for validation "
        "unless its options say otherwise. The training stage of this program uses all images."
    )


def _collection(kept: Sequence[CuratedImage], origins: Origins) -> str:
    facts = ["The raw images are those of a folder, which does not say where they come from."]
    if origins.providers:
        given = ", ".join(f"{markdown(name)} ({count:,})" for name, count in origins.providers.most_common())
        facts = [
            f"Found through the search of: {given} raw images.",
            f"Collected from {markdown(origins.first)} to {markdown(origins.last)}.",
        ]
    hosts = Counter(host_in(row.url) or "none" for row in kept if row.url)
    queries = Counter(row.query for row in kept if row.query)
    return (
        _listed(facts)
        + _counted("Images kept by query", "query", queries)
        + _counted("Images kept by host", "host", hosts)
    )


def _preprocessing(rows: Sequence[CuratedImage], params: CurateParams, made: Made) -> str:
    dropped = Counter(row.reason for row in rows if not row.kept)
    facts = [
        (
            "Decoded strictly, turned upright, brought to sRGB, transparent parts put on white; cut to the "
            "square of the manifest's crop columns; reduced by area averaging, each level from the one above."
        ),
        f"Worn garments are recognised by: {made.detector}."
        if made.detector
        else "How garments are shown was not asked for (`curate.measure: all` in params.yaml asks for it).",
        *([f"Text banners are recognised by: {made.reader}."] if made.reader else []),
        "What was dropped is in the manifest with its reason; contact sheets of each reason are in sheets/.",
        f"The raw images are not part of the dataset. The program: {made.program}.",
    ]
    values = [(name, str(value)) for name, value in params.model_dump(exclude={"cluster"}).items()]
    return (
        _listed(facts)
        + _counted("Images dropped by reason", "reason", dropped)
        + _table("Parameters", ("curate.", "value"), values)
    )


def _distribution(kept: Sequence[CuratedImage]) -> str:
    with_address = sum(bool(row.url) for row in kept)
    facts = [
        (
            f"The addresses of {with_address:,} of {len(kept):,} images are on record. A record gives no "
            "right to pass images on."
        ),
        "`fashion-pggan curate export` writes it for others as ImageFolder, WebDataset or Parquet.",
    ]
    return _listed(facts)


def _maintenance(version: str) -> str:
    facts = [
        f"Version {version} is a hash of all its pixels: other pixels are another version.",
        "The same raw images, parameters and program make the same dataset again, byte by byte.",
    ]
    return _listed(facts)


def _share(rows: Sequence[CuratedImage], name: str) -> str:
    return f"{sum(bool(getattr(row, name)) for row in rows):,} of {len(rows):,}"


def _listed(facts: Iterable[str]) -> str:
    return "".join(f"- {fact}\n" for fact in facts)


def _counted(title: str, column: str, counts: Counter[str]) -> str:
    """A table of the largest counts, the rest in one row."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ordered[LISTED:]
    if rest:
        ordered[LISTED:] = [(f"{len(rest):,} others", sum(count for _, count in rest))]
    return _table(title, (column, "images"), [(name, f"{count:,}") for name, count in ordered])


def _table(title: str, columns: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    """A table, or nothing when it has no rows."""
    if not rows:
        return ""
    lines = [columns, ("---", "---"), *((markdown(name), markdown(value)) for name, value in rows)]
    return f"\n{title}:\n\n" + "".join(f"| {name} | {value} |\n" for name, value in lines)
