"""The preview of a plan."""

from dataclasses import replace

from crawler.commands.preview import preview
from crawler.plan.plan import Plan
from crawler.providers.naver import HUB
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
