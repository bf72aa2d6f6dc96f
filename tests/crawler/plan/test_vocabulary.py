"""Vocabularies that cannot be read."""

from pathlib import Path
from typing import Any

import pytest

from crawler.plan.vocabulary import read_vocabulary
from fashion_pggan.errors import UserError
from tests.crawler.plan.words import WORDS


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"prefixes": []}, r"prefixes is \[\]: give 1 or more"),
        ({"tpyes": []}, r"tpyes is not a parameter: did you mean types\?"),
        (
            {"axes": {"a": ["x"] * 2000, "b": ["y"] * 2000}, "pairs": [["a", "b"]]},
            "its pairs give 12,000,000 queries, more than 1,000,000: remove words or pairs",
        ),
        ({"pairs": [["colour", "shape"]]}, r"pairs name unknown axes \(shape\)"),
    ],
)
def test_a_wrong_vocabulary_is_an_error_that_names_it(
    tmp_path: Path, changes: dict[str, Any], text: str
) -> None:
    path = tmp_path / "words.yaml"
    path.write_text(str({**WORDS, **changes}).replace("'", '"'), encoding="utf-8")
    with pytest.raises(UserError, match=text):
        read_vocabulary(path)


def test_a_missing_vocabulary_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no vocabulary at .*: name a file of words in crawl.vocabulary"):
        read_vocabulary(tmp_path / "words.yaml")
