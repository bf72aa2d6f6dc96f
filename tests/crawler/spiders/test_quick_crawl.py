"""`-a query=… -a max=…`: a crawl of one query, or of few images, without a change of params.yaml."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from crawler.spiders.naver_tops import NaverTops
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.plan.words import WORDS

Spider = Callable[..., list[logging.LogRecord]]


def test_a_quick_crawl_takes_its_query_and_number_from_the_command_line(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    asked: list[str] = []

    def found(query: str) -> list[str]:
        asked.append(query)
        return list(shop.images)

    shop.of_query = found
    queries = ["셔츠", {"query": "니트", "label": "knit"}]
    records = scrapy_crawl(params=params_file(queries=queries), query="니트", max=7)
    assert (asked, len(read_records(tmp_path / "raw/records.parquet", RawImage))) == (["니트"], 7)
    said = [record.getMessage() for record in records]
    new, old = "{query: 니트, label: knit}", "[셔츠, {query: 니트, label: knit}]"
    assert f"-a: crawl.queries is [{new}], in place of {old}" in said
    assert "-a: crawl.max_products is 7, in place of 1000" in said
    assert {record.label for record in read_records(tmp_path / "raw/records.parquet", RawImage)} == {"knit"}


def test_a_quick_crawl_of_a_vocabularys_query_has_its_label(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    words = tmp_path / "words.yaml"
    words.write_text(yaml.safe_dump({**WORDS, "labels": {"knit": ["니트"]}}, allow_unicode=True))
    params = params_file(vocabulary=str(words))
    for query, label in (("남자 니트", "knit"), ("남자 양말", "")):
        records = scrapy_crawl(params=params, query=query, max=3)
        assert f"-a: crawl.vocabulary is empty, in place of {words}" in [r.getMessage() for r in records]
        stored = read_records(tmp_path / "raw/records.parquet", RawImage)
        assert [record.label for record in stored] == [label] * 3


@pytest.mark.parametrize(
    ("options", "made"),
    [
        ({"query": "니트"}, "data/quick"),
        ({"max": "7"}, "data/quick"),
        ({}, "data/raw"),
        ({"max": "7", "target": "data/raw"}, "data/raw"),
    ],
)
def test_a_quick_crawl_replaces_the_dataset_only_where_it_is_named(
    options: dict[str, str], made: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert NaverTops(**options).places.target == Path(made)
    assert ("the target is data/quick" in caplog.text) == (made == "data/quick")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max": "many"}, "error: -a max=many: give a number of images, such as 100"),
        ({"max": "0"}, "error: -a max=0: give a number"),
        ({"max": ""}, "error: -a max=: give a number"),
        ({"query": " "}, "error: -a query= is empty: give a search, such as shirt, or leave it out"),
        ({"query": "", "max": "5"}, "error: -a query= is empty: give a search"),
        ({"max": "-3"}, "error: -a max=-3: give a number"),
        (
            {"query": "니트", "provider": "urls"},
            "error: -a query=니트 does not fit crawl.provider urls: leave it out",
        ),
    ],
)
def test_a_quick_crawl_with_a_value_that_cannot_hold_is_one_line(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], options: dict[str, str], said: str
) -> None:
    params = params_file(provider=options.pop("provider", "demo"), url_list="list.txt")
    (record,) = scrapy_crawl(params=params, **options)
    assert record.getMessage().startswith(said)
    assert not shop.requests


def test_a_quick_crawl_names_what_failed_in_a_file_of_its_own(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    shop.faults = {"/p/gone": lambda request: web.Response(status=404)}
    scrapy_crawl(params=params_file())
    whole = (tmp_path / "store/failed.csv").read_bytes()
    scrapy_crawl(params=params_file(), max=2, target=tmp_path / "quick")
    assert (tmp_path / "store/failed.csv").read_bytes() == whole
    assert b"/p/gone" in whole
    assert b"/p/gone" not in (tmp_path / "store/failed-quick.csv").read_bytes()
