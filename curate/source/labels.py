"""The label of an image: by its record or list, by the query that found it, or by the folder it lies in."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NamedTuple

from curate.source.raw import Raw
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text

VOTES = re.compile(r"[0-9]{1,9}")
METADATA = ("metadata.csv", "metadata.jsonl")  # of an ImageFolder, with the columns file_name and label


class Label(NamedTuple):
    """A label, and what says so."""

    name: str = ""  # of `curate.labels`; empty: none
    source: str = ""  # record, query or folder
    votes: str = ""  # how many files that show the same say which label: `hoodie 3, shirt 1`


def label_of(raw: Raw, params: CurateParams) -> Label:
    """The label of `curate.labels` that an image has by itself.

    What its record says goes first. Else a query ends with the type of garment (`crawl.vocabulary`):
    `남자 블랙 체크 셔츠` has the label of `체크 셔츠` where there is one, and otherwise that of `셔츠`. In a
    plain folder, the name of the image's folder counts. A label is a name of itself, unless another lists it.
    """
    labels = _names(params)
    if raw.label in labels:
        return Label(labels[raw.label], "record")
    words = (raw.query or PurePosixPath(raw.file).parent.name).split()
    ends = (" ".join(words[start:]) for start in range(len(words)))
    found = next((labels[end] for end in ends if end in labels), "")
    return Label(found, ("query" if raw.query else "folder") if found else "")


def votes_of(raw: Raw, own: Label, params: CurateParams) -> Counter[str]:
    """How many queries give an image which label of `curate.labels`; else one vote for its own."""
    labels, votes = _names(params), Counter[str]()
    for part in raw.label_votes.split(", "):
        name, _, count = part.rpartition(" ")
        if name in labels and VOTES.fullmatch(count):
            votes[labels[name]] += int(count)
    return votes or Counter({own.name: 1} if own.name else {})


def _names(params: CurateParams) -> dict[str, str]:
    """The label that each name stands for."""
    labels = {label: label for label in params.labels}
    return labels | {words: label for label, names in params.labels.items() for words in names}


def with_metadata(images: Sequence[Raw], source: Path) -> list[Raw]:
    """The images of a plain folder with the labels that its files `metadata.csv` and `metadata.jsonl` give.

    Raises:
        UserError: such a file is damaged.
    """
    labels: dict[str, str] = {}
    for raw in images:
        file = PurePosixPath(raw.file)
        if raw.provider is None and file.name in METADATA:
            for row in _rows(source / raw.file):
                given = row.get("label")  # a class may be the number 0
                text = "" if given is None else str(given).strip()
                labels[str(file.parent / str(row.get("file_name")))] = text
    return [replace(raw, label=labels.get(raw.file, raw.label)) for raw in images]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    text = read_text(path) if isinstance(path, PurePath) else path.read_text(encoding="utf-8")
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    try:
        yield from csv.DictReader(lines) if path.suffix == ".csv" else map(_object_in, lines)
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path}: {one_line(error)}: correct it, or move the file away") from error


def _object_in(line: str) -> dict[str, Any]:
    try:
        value = json_in(line) if line.strip() else {}
    except ValueError as error:
        raise ValueError(f"{line[:80]!r} is not JSON ({error})") from error
    return value if isinstance(value, dict) else {}
