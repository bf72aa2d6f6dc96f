"""The vocabulary: words that make queries, from a YAML file that a user can edit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams, explained
from fashion_pggan.params.section import Label
from fashion_pggan.paths import here_or_shipped
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in

Words = list[Annotated[str, Field(min_length=1)]]

MOST_QUERIES = 1_000_000  # that pairs of words may give: 40 days of calls to Naver


@dataclass(frozen=True)
class Query:
    """A query and its words."""

    text: str
    words: tuple[str, ...]  # with their axis, `colour=블랙`; empty for a query that is written out
    level: int  # words added to the type


class Vocabulary(BaseModel):
    """Types of garment, and words by axis that narrow a query."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prefixes: Words = Field(
        min_length=1
    )  # for whom; the first precedes each query, each precedes the bare types
    types: Words = Field(min_length=1)
    labels: dict[Label, Words] = {}  # by label, the types of its garments; a type has one, or none
    axes: dict[str, Words]
    pairs: list[Annotated[list[str], Field(min_length=2, max_length=2)]]  # axes to combine
    not_in_title: Words  # words; a result whose title has one is left out

    @property
    def queries_of_a_type(self) -> int:
        """How many queries all levels of a type hold."""
        words = {axis: len(set(values)) for axis, values in self.axes.items()}
        pairs = sum(words[one] * words[other] for one, other in self.pairs)
        return len(set(self.prefixes)) + sum(words.values()) + pairs

    def levels(self, kind: str) -> Iterator[list[Query]]:
        """Yield the queries of a type by level: alone, with one word, with a word of each axis of a pair."""
        yield [Query(f"{who} {kind}", (f"prefix={who}",), 0) for who in dict.fromkeys(self.prefixes)]
        who = self.prefixes[0]
        yield [
            Query(f"{who} {word} {kind}", (f"{axis}={word}",), 1)
            for axis, words in self.axes.items()
            for word in dict.fromkeys(words)
        ]
        yield [
            Query(f"{who} {one} {other} {kind}", (f"{first}={one}", f"{second}={other}"), 2)
            for first, second in self.pairs
            for one in dict.fromkeys(self.axes[first])
            for other in dict.fromkeys(self.axes[second])
        ]


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary.

    Raises:
        UserError: the file is missing or holds no vocabulary.
    """
    try:
        text = read_text(here_or_shipped(path))
        vocabulary = Vocabulary.model_validate(values_in(text, str(path)))
    except FileNotFoundError:
        raise UserError(
            f"no vocabulary at {path}: name a file of words in crawl.vocabulary, or leave it empty"
        ) from None
    except ValidationError as error:
        raise UserError(f"{path}: {explained(error, Vocabulary)}") from error
    if unknown := {axis for pair in vocabulary.pairs for axis in pair} - vocabulary.axes.keys():
        raise UserError(
            f"{path}: pairs name unknown axes ({', '.join(sorted(unknown))}): "
            "add them to axes, or remove the pairs"
        )
    _check_labels(path, vocabulary)
    axes = {axis: len(words) for axis, words in vocabulary.axes.items()}
    combined = len(vocabulary.types) * sum(axes[one] * axes[other] for one, other in vocabulary.pairs)
    if combined > MOST_QUERIES:
        raise UserError(
            f"{path}: its pairs give {combined:,} queries, more than {MOST_QUERIES:,}: remove words or pairs"
        )
    return vocabulary


def _check_labels(path: Path, vocabulary: Vocabulary) -> None:
    label_of: dict[str, str] = {}
    for label, types in vocabulary.labels.items():
        for kind in types:
            if kind not in vocabulary.types:
                raise UserError(f"{path}: labels: {label} has {kind!r}, which is not in types: add it there")
            if (other := label_of.setdefault(kind, label)) != label:
                raise UserError(f"{path}: labels: {kind!r} belongs to {other} and to {label}: leave one out")


class QueryLabels:
    """The label that the images of a query have: its own, or that of the type it ends with."""

    def __init__(self, written: Mapping[str, str], vocabulary: Vocabulary | None) -> None:
        self.written = written
        named = vocabulary.labels.items() if vocabulary else ()
        self.label_of_type = {kind: label for label, types in named for kind in types}

    def of(self, query: str) -> str:
        """The label; of several types that the query ends with, that of the longest. Empty: none."""
        words = query.split()
        ends = (" ".join(words[start:]) for start in range(len(words)))
        found = next((self.label_of_type[end] for end in ends if end in self.label_of_type), "")
        return self.written.get(query, found)


def vocabulary_of(params: CrawlParams) -> Vocabulary | None:
    """The vocabulary that `params` name; None when they name none."""
    return read_vocabulary(Path(params.vocabulary)) if params.vocabulary else None
