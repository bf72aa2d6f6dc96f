"""The preview of a plan."""

from dataclasses import replace

import pytest

from crawler.commands.preview import dry_run, preview
from crawler.plan.plan import Plan
from crawler.providers.naver import HUB
from fashion_pggan.errors import UserError
from tests.crawler.plan.words import VOCABULARY, params_of


def test_the_preview_says_calls_and_share_of_the_quota() -> None:
    params = params_of(max_products=60_000, sort="both")
    said = preview(Plan.of(params, VOCABULARY, HUB), params, HUB)
    assert "25,000 calls a day" in said
    assert "0                   12" in said  # 3 types x 2 prefixes x 2 sorts
    assert "60,000 images at 12 new ones a call" in said
    assert "남자 셔츠 | sim | all" in said


def test_the_preview_of_the_demo_says_what_can_be_known() -> None:
    shop = replace(HUB, name="demo")
    params = params_of(max_products=1000, queries=[f"q{i}" for i in range(6)], vocabulary="")
    assert "1,000 images: 6 to 60 calls" in preview(Plan.of(params, None, shop), params, shop)
    params = params_of(max_products=150, queries=[f"q{i}" for i in range(6)], vocabulary="")
    assert "150 images: 2 to 60 calls" in preview(Plan.of(params, None, shop), params, shop)


def test_the_preview_of_a_part_is_of_its_share() -> None:
    params = params_of(max_products=60_000, part="1/2")
    assert "30,000 images at 12 new ones a call" in preview(Plan.of(params, VOCABULARY, HUB), params, HUB)


def test_the_preview_of_a_crawl_that_shares_its_key_is_of_its_share() -> None:
    params = params_of(max_products=60_000, calls_per_s=9.0, key_shared_by=3)
    said = preview(Plan.of(params, VOCABULARY, HUB), params, HUB)
    assert "8,333 calls a day; 3 a second" in said


def test_the_dry_run_of_a_part_without_queries_is_an_error() -> None:
    with pytest.raises(UserError, match=r"part 3/3 of the plan holds no query: give crawl\.part fewer"):
        dry_run(params_of(vocabulary="", queries=["a", "b"], part="3/3"))
