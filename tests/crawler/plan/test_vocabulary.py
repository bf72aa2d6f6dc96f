"""Vocabularies that cannot be read."""

from pathlib import Path
from typing import Any

import pytest

from crawler.plan.vocabulary import QueryLabels, Vocabulary, read_vocabulary
from fashion_pggan.errors import UserError
from tests.crawler.plan.words import WORDS

REPOSITORY = Path(__file__).parents[3]


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
        ({"labels": {"shirt": ["셔켓"]}}, "labels: shirt has '셔켓', which is not in types: add it there"),
        (
            {"labels": {"shirt": ["셔츠"], "top": ["셔츠"]}},
            "'셔츠' belongs to shirt and to top: leave one out",
        ),
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


def test_a_query_has_its_own_label_or_that_of_the_type_it_ends_with() -> None:
    words = {
        **WORDS,
        "types": ["셔츠", "체크 셔츠", "니트"],
        "labels": {"shirt": ["셔츠"], "check": ["체크 셔츠"]},
    }
    labels = QueryLabels({"남자 니트": "knit"}, Vocabulary.model_validate(words))
    found = [labels.of(text) for text in ("남자 블랙 셔츠", "남자 체크 셔츠", "남자 니트", "니트", "")]
    assert found == ["shirt", "check", "knit", "", ""]
    assert QueryLabels({}, None).of("남자 셔츠") == ""


def test_each_type_of_men_s_tops_has_one_label() -> None:
    vocabulary = read_vocabulary(REPOSITORY / "vocabularies/tops.yaml")
    labelled = [kind for types in vocabulary.labels.values() for kind in types]
    assert sorted(labelled) == sorted(vocabulary.types)
    assert 8 <= len(vocabulary.labels) <= 12
