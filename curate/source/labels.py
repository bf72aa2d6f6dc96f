"""The label of an image: by its record or list, by the query that found it, or by the folder it lies in."""

import csv
import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NamedTuple

from curate.source.raw import Raw
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.params import CurateParams, composed
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text

VOTES = re.compile(r"[0-9]{1,9}")
log = logging.getLogger(__name__)

METADATA = ("metadata.csv", "metadata.jsonl")  # of an ImageFolder, with the columns file_name and label


class Label(NamedTuple):
    """A label, and what says so."""

    name: str = ""  # of `curate.labels`; empty: none
    source: str = ""  # record, query, folder or classifier
    votes: str = ""  # how many files that show the same say which label: `hoodie 3, shirt 1`


def label_of(raw: Raw, params: CurateParams) -> Label:
    """The label of `curate.labels` that an image has by itself.

    What its record says goes first, by most of the votes for listed names. Else a query ends with the type
    of garment (`crawl.vocabulary`): `남자 블랙 체크 셔츠` has the label of `체크 셔츠` where there is one,
    and otherwise that of `셔츠`. In a plain folder, the name of the image's folder counts. A label is a name
    of itself, unless another lists it.
    """
    labels = names_of(params)
    if said := recorded(raw, labels):
        return Label(said, raw.label_source)
    words = composed(raw.query or PurePosixPath(raw.file).parent.name).split()
    ends = (" ".join(words[start:]) for start in range(len(words)))
    found = next((labels[end] for end in ends if end in labels), "")
    return Label(found, ("query" if raw.query else "folder") if found else "")


def recorded(raw: Raw, labels: Mapping[str, str]) -> str:
    """The label that a record gives, by the label of each listed name; empty: none."""
    names = (composed(raw.label), *_votes_in(raw.label_votes))  # the most votes first
    return next((labels[name] for name in names if name in labels), "")


def votes_of(raw: Raw, own: Label, params: CurateParams) -> Counter[str]:
    """How many queries give an image which label of `curate.labels`; else one vote for its own."""
    labels, votes = names_of(params), Counter[str]()
    for name, count in _votes_in(raw.label_votes).items():
        if name in labels:
            votes[labels[name]] += count
    return votes or Counter({own.name: 1} if own.name else {})


def names_of(params: CurateParams) -> dict[str, str]:
    """The label that each name stands for."""
    labels = {label: label for label in params.labels}
    return labels | {words: label for label, names in params.labels.items() for words in names}


def _votes_in(text: str) -> dict[str, int]:
    """What `label_votes` of a record says: `hoodie 3, shirt 1`."""
    parts = [part.rpartition(" ") for part in text.split(", ")]
    return {composed(name): int(count) for name, _, count in parts if VOTES.fullmatch(count)}


def without_metadata(images: Sequence[Raw]) -> list[Raw]:
    """The images of a plain folder without the files that say something of them."""
    return [raw for raw in images if not _is_metadata(raw)]


def with_metadata(images: Sequence[Raw], source: Path) -> list[Raw]:
    """The images of a plain folder with the labels that its files `metadata.csv` and `metadata.jsonl` give.

    Of several rows of one image each has a vote.

    Raises:
        UserError: such a file is damaged.
    """
    if not (files := list(filter(_is_metadata, images))):
        return list(images)
    votes: dict[str, Counter[str]] = {composed(raw.file): Counter() for raw in without_metadata(images)}
    for raw in files:
        said, folder = list(_said_in(source / raw.file)), PurePosixPath(raw.file).parent
        nameless = []
        for name, label in said:
            paths = (str(folder / name), str(folder / name.replace("\\", "/")))
            if path := next((path for path in paths if path in votes), ""):
                votes[path][label] += 1
            else:
                nameless.append(name)
        _warn(source / raw.file, len(said), nameless)
    return [_voted(raw, votes.get(composed(raw.file), Counter())) for raw in images]


def with_classes(
    images: Sequence[Raw], said: Mapping[str, tuple[str, float]], params: CurateParams
) -> list[Raw]:
    """The images with the labels that the user's classifier gives: to those without one, or corrected.

    Args:
        images: with the labels that they have by themselves.
        said: by SHA-256, the likeliest class, and its score from 0 to 1.
        params: the curate section.
    """
    labels = names_of(params)

    def classified(raw: Raw) -> Raw:
        name, score = said.get(raw.sha256, ("", 0.0))
        if not (name in labels and score >= params.label_score):  # a score that is no number is refused
            return raw
        if not params.label_corrects and label_of(raw, params).name:
            return raw
        return replace(raw, label=name, label_votes="", label_source="classifier")

    return list(map(classified, images))


def _is_metadata(raw: Raw) -> bool:
    return raw.provider is None and PurePosixPath(raw.file).name in METADATA


def _voted(raw: Raw, votes: Counter[str]) -> Raw:
    """An image with what most rows say; of as many, the first."""
    if not votes:
        return raw
    names = votes.most_common()
    said = ", ".join(f"{name} {count}" for name, count in names if ", " not in name)
    return replace(raw, label=names[0][0], label_votes=said if len(names) > 1 else "")


def _said_in(path: Path) -> Iterator[tuple[str, str]]:
    """The file name and the label of each row that has both."""
    for row in _rows(path):
        name, label = (row.get(column) for column in ("file_name", "label"))  # a class may be the number 0
        if name and label is not None and (text := str(label).strip()):
            yield composed(str(name)), composed(text)


def _warn(path: Path, rows: int, nameless: Sequence[str]) -> None:
    """Say what of a file of labels gives none."""
    if not rows:
        log.warning("%s gives no label: name the columns file_name and label", path)
    if nameless:
        log.warning(
            "%d rows of %s name no image, the first is %r: give paths below its folder, with their endings",
            len(nameless),
            path,
            nameless[0][:80],
        )


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
