"""The header of an export's card, its README.md, for Hugging Face's programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from fashion_pggan.images.writing import DATA_FILES, HF_TYPES, Format


@dataclass(frozen=True)
class Header:
    """What the header says.

    `datasets` guesses the types of columns that no header gives from the first rows, in which some are empty;
    and its cache knows a local dataset by its folder's name and this header alone.
    """

    version: str  # of the dataset
    licence: str  # of all images; empty when it is not known
    content: str  # a hash of what is exported
    form: Format
    suffix: str  # of the images' files
    splits: Sequence[str]  # that have images
    columns: pa.Schema  # of the facts

    def text(self) -> str:
        """The header as YAML between its marks."""
        lines = [f"pretty_name: {json.dumps(f'dataset {self.version}')}"]
        if self.licence:
            lines += ["license: other", f"license_name: {json.dumps(self.licence)}"]
        lines += ["configs:", "- config_name: default"]
        lines += [f"  description: {json.dumps(self.content)}", "  data_files:"]
        for split in self.splits:
            files = DATA_FILES[self.form].format(split=split)
            lines += [f"  - split: {split}", f"    path: {json.dumps(files)}"]
        lines += ["dataset_info:", "  features:", *self._features()]
        return "\n".join(["---", *lines, "---", "", ""])

    def _features(self) -> list[str]:
        facts = [(field.name, HF_TYPES[field.type]) for field in self.columns]
        if self.form != Format.WEBDATASET:
            return _named([("image", "image"), *facts])
        return [
            *_named([(self.suffix, "image")]),
            "  - name: json",
            "    struct:",
            *_named(facts, "    "),
            *_named([("__key__", "string"), ("__url__", "string")]),
        ]


def _named(kinds: Sequence[tuple[str, str]], before: str = "  ") -> list[str]:
    return [line for name, kind in kinds for line in (f"{before}- name: {name}", f"{before}  dtype: {kind}")]
