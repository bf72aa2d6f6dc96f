"""The base of all sections of params.yaml: immutable, strict, each value with its unit and meaning."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from fashion_pggan.paths import advice_on_path

LARGEST_INDEX = 2**53 - 1  # of a seed or a latent: above it a browser's numbers are not exact
MOST_LABELS = 1000  # of a dataset
LONGEST_LABEL = 60  # characters; a folder of this name is made
ROWS = "metadata.jsonl"  # beside the folders of labels, in an export
LABEL = re.compile(rf"\w[\w .+-]{{0,{LONGEST_LABEL - 1}}}")


@dataclass(frozen=True)
class Unit:
    """What a number counts or measures: an annotation that the parameters' reference page shows."""

    name: str


class WhenChanged(Enum):
    """What a run is once a parameter has changed: an annotation beside each parameter of section `train`."""

    SAME = "the same run"  # it resumes by itself, bit for bit
    ON_REQUEST = "resumes on request"  # `train.resume`; its state fits, its numbers change
    OTHER = "another run"  # other networks, or another schedule


def _empty(value: object) -> object:
    """Nothing behind a key in YAML is an empty text."""
    return "" if value is None else value


def _local(path: str) -> str:
    if advice := advice_on_path(path):
        raise ValueError(advice)
    return path


def composed(text: str) -> str:
    """A text in Unicode's form NFC: macOS writes `é` and Hangul of file names in several parts."""
    return unicodedata.normalize("NFC", text)


def _name(words: str) -> str:
    if not words.strip():
        raise ValueError("give a name, or leave the item out")
    return composed(words)


def _label(name: str) -> str:
    name = composed(name)
    if name.casefold() == ROWS:
        raise ValueError("an export has a file of this name: give another")
    if not LABEL.fullmatch(name):
        raise ValueError(
            f"give 1 to {LONGEST_LABEL} letters, digits, blanks, and _ . + -; the first is a letter, "
            "a digit or _"
        )
    return name


Pixels = Annotated[int, Unit("pixels")]
Images = Annotated[int, Unit("images")]
Kimg = Annotated[float, Unit("thousand images")]
Seconds = Annotated[float, Unit("seconds")]
Share = Annotated[float, Unit("share")]
Index = Annotated[int, Field(ge=0, le=LARGEST_INDEX)]

Resolution = Annotated[int, Field(ge=4, le=1024), Unit("pixels")]
LatentSize = Annotated[int, Field(gt=0, le=4096)]  # its square is allocated; the paper has 512
FeatureMaps = Annotated[int, Field(gt=0, le=1 << 20)]
Positive = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]
Words = Annotated[str, BeforeValidator(_empty)]  # empty: none
LocalPath = Annotated[Words, AfterValidator(_local)]
Label = Annotated[str, AfterValidator(_label)]
NameOfLabel = Annotated[Words, AfterValidator(_name)]


class Section(BaseModel):
    """One top-level key of params.yaml: immutable, no unknown keys, no coercion.

    A field's annotation holds its unit, `Field` its range, and `description` its meaning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
