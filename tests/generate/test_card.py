"""The card, of snapshots that somebody else has named."""

import pytest
import yaml
from markdown_it import MarkdownIt

from generate.card import card_of
from generate.sampling.recipe import facts_of
from tests.generate.small import PARAMS

PAGE = MarkdownIt("commonmark").enable("table")
HOSTILE = [
    "<script>alert(1)</script>",
    "`<img src=x>`",
    "[x](javascript:alert(1))",
    "a\n---\ntags: [stolen]\n---\n# Heading",
    "\x1b[2J",
    'a" : [b',
]


class _Snapshot:
    def __init__(self, text):
        self.snapshot = self.sha256 = self.params_hash = self.dataset_version = text
        self.kimg = 1.0


def card(text):
    facts = PARAMS.model_dump() | {"images": 10, "last": 9, "resolution": 8, **facts_of(_Snapshot(text))}
    return card_of(facts | {"reject_copies": 0.0, "reject_scores": 0.0})


def test_the_header_names_the_images_as_a_loader_s_cache_knows_them_by_it_alone():
    def config(text):
        return yaml.safe_load(card(text).split("---\n", 2)[1])["configs"][0]

    assert config("x") == config("x")
    assert config("x")["description"] != config("y")["description"]
    assert len(config("x")["description"]) == 16


@pytest.mark.parametrize("text", HOSTILE)
def test_a_snapshots_text_is_neither_markup_nor_metadata(text):
    _, metadata, page = card(text).split("---\n", 2)
    assert yaml.safe_load(metadata)["pretty_name"] == f"garments by {text}"
    assert yaml.safe_load(metadata)["tags"] == ["synthetic", "fashion-pggan"]
    shown, plain = (PAGE.render(each) for each in (page, card("x").split("---\n", 2)[2]))
    for tag in ("<script", "<img", "<a ", "<h1", "<code"):
        assert shown.count(tag) == plain.count(tag)
    assert "\x1b" not in page
