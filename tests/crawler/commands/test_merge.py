"""Parts of a plan, crawled apart and merged."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler import stage
from crawler.commands.forget import forget
from crawler.commands.merge import merge
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from tests.crawler.kept import bytes_of, everything_under, raw

SEARCH = "/search/v1/image"
Crawl = Callable[..., dict[str, Any]]


def many(shop: Any, count: int) -> None:
    shop.images = {f"/p/{i}.jpg": b"\xff\xd8\xff%d" % i for i in range(count)}


def test_parts_of_a_plan_joined_are_the_crawl_of_the_whole(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    many(shop, 200)
    paths = list(shop.images)
    queries = [f"{name}" for name in "abcdefgh"]
    shop.of_query = lambda query: random.Random(query).sample(paths, 110)
    tombstones = tmp_path / "tombstones.jsonl"

    def crawled(name: str, part: str) -> dict[str, Any]:
        params = params_file(queries=queries, part=part, max_products=100_000)
        places = {"store": tmp_path / name / "store", "report": None, "tombstones": tombstones}
        return stage.run(tmp_path / name / "raw", params=params, **places)

    crawled("whole", "1/1")
    parts = [f"{number}/3" for number in (1, 2, 3)]
    found = [crawled(part, part)["products"] for part in parts]
    assert sum(found) > len(raw(tmp_path / "whole")) > max(found)  # they overlap
    before = shop.requests.copy()
    stores = [tmp_path / part / "store" for part in parts]
    counted = merge(stores, tmp_path / "joined/store", Tombstones(tombstones))
    assert counted["images new"] == len(raw(tmp_path / "whole"))
    assert merge(stores, tmp_path / "joined/store", Tombstones(tombstones))["images new"] == 0
    figures = crawled("joined", "1/1")
    assert (figures["calls_now"], figures["fetched"], shop.requests) == (0, 0, before)

    def facts(name: str) -> list[tuple[Any, ...]]:
        return [(r.url, r.sha256, r.query, r.rank, r.plan_query) for r in raw(tmp_path / name)]

    assert facts("joined") == facts("whole")
    for record in raw(tmp_path / "joined"):
        body = shop.images[record.url.removeprefix(shop.address)]
        assert bytes_of(tmp_path / "joined/raw", record) == body


def test_parts_may_follow_each_other_in_one_store(shop: Any, crawl: Crawl) -> None:
    shop.of_query = lambda query: [f"/p/{i}.jpg" for i in range(30) if (i % 2 == 0) == (query == "a")]
    queries = list("abcdefgh")
    for part in ("1/2", "2/2"):
        crawl(queries=queries, part=part)
    calls = shop.requests[SEARCH]
    figures = crawl(queries=queries)
    assert (figures["fetched"], figures["images"], shop.requests[SEARCH]) == (0, 30, calls)


def test_answers_of_parts_replace_those_of_an_earlier_complete_crawl(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    tombstones = tmp_path / "tombstones.jsonl"

    def crawled(name: str, part: str = "1/1") -> set[str]:
        places = {"store": tmp_path / name, "report": None, "tombstones": tombstones}
        stage.run(tmp_path / "raw", params=params_file(queries=["a", "b"], part=part), **places)
        return {record.url.removeprefix(shop.address) for record in raw(tmp_path)}

    shop.of_query = lambda query: [f"/p/{i}.jpg" for i in range(10)]
    crawled("store")
    shop.of_query = lambda query: [f"/p/{i}.jpg" for i in range(5, 15)]
    for part in ("1/2", "2/2"):
        crawled(part, part)
    stores = [tmp_path / part for part in ("1/2", "2/2")]
    for _ in range(2):  # a second one changes nothing
        merge(stores, tmp_path / "store", Tombstones(tombstones))
    calls = shop.requests[SEARCH]
    assert crawled("store") == {f"/p/{i}.jpg" for i in range(5, 15)}
    assert shop.requests[SEARCH] == calls


def test_a_part_without_queries_is_an_error(shop: Any, crawl: Crawl) -> None:
    with pytest.raises(UserError, match=r"part 4/9 of the plan holds no query: give crawl\.part fewer parts"):
        crawl(queries=["a"], part="4/9")


def test_what_is_no_store_cannot_be_joined(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a crawl's store"):
        merge([tmp_path], tmp_path / "store", Tombstones(tmp_path / "t"))


def test_joining_writes_down_nothing_that_was_forgotten(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    tombstones = Tombstones(tmp_path / "elsewhere.jsonl")
    forget(tombstones, tmp_path / "other", tmp_path / "none", [f"{shop.address}/p/1.jpg"], [], [])
    assert merge([tmp_path / "store"], tmp_path / "joined", tombstones)["forgotten"] == 1
    assert f"{shop.address}/p/1.jpg".encode() not in everything_under(tmp_path / "joined")
    assert f"{shop.address}/p/2.jpg".encode() in everything_under(tmp_path / "joined")


BAD = (400, json.dumps({"errorCode": "SE01", "errorMessage": "Incorrect query request"}))
ODD = (200, '{"total": 9, "results": []}')


def gives_up(shop: Any, crawl: Crawl) -> dict[str, Any]:
    """A crawl that resumes: it has given up two calls, and one image may still come."""
    shop.search_faults = [BAD, ODD, ODD]
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=500)
    return crawl(queries=["bad", "odd", "good"], retries=0)


def test_a_merged_store_remembers_which_calls_were_given_up(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    gives_up(shop, crawl)
    merge([tmp_path / "store"], tmp_path / "joined", Tombstones(tmp_path / "tombstones.jsonl"))
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "joined").rename(tmp_path / "store")
    figures = crawl(queries=["bad", "odd", "good"], retries=0)
    assert figures["failed"] == {"BAD_QUERY": 1, "ODD_ANSWER": 1, "HTTP_500": 1}
    assert (figures["calls_now"], figures["images"]) == (0, 29)


def test_forgetting_keeps_which_calls_were_given_up(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    gives_up(shop, crawl)
    url = f"{shop.address}/p/2.jpg"
    forget(Tombstones(tmp_path / "tombstones.jsonl"), tmp_path / "store", tmp_path / "raw", [url], [], [])
    assert (tmp_path / "store/failed.csv").read_text().count("from rank 1 on") == 2
    figures = crawl(queries=["bad", "odd", "good"], retries=0)
    assert figures["failed"] == {"BAD_QUERY": 1, "ODD_ANSWER": 1, "HTTP_500": 1}
    assert (figures["calls_now"], figures["images"]) == (0, 28)
