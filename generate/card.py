"""The dataset card of a generated dataset: its README.md, for people and for Hugging Face."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fashion_pggan.storage.escaped import markdown_code

LABELLED = '"train/**"'  # of an ImageFolder with folders by label
# the data files that a loader reads, by form
FILES = {
    "imagefolder": '["metadata.jsonl", "images/**"]',
    "webdataset": '"train-*.tar"',
    "parquet": '"data/*.parquet"',
}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
TEMPLATES = Environment(
    loader=PackageLoader("generate", ""),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # Markdown: text from a snapshot passes through the filters
)
TEMPLATES.filters.update(code=markdown_code, json=json.dumps)


def card_of(facts: Mapping[str, Any]) -> str:
    """README.md of a dataset, from the stage's facts.

    Hugging Face's `datasets` caches a local dataset by its folder's name and the card's header: so that has a
    hash of the facts, as `description`.
    """
    content = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    size = next((name for most, name in SIZES if facts["images"] < most), "n>1M")
    labels = facts.get("labels", {})
    files = LABELLED if labels and facts["form"] == "imagefolder" else FILES[facts["form"]]
    return TEMPLATES.get_template("card.md.j2").render(
        **{**facts, "labels": labels}, size=size, files=files, content=content
    )
