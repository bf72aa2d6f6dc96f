"""Resuming after quotas, failures and kills."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from aiohttp import web

from crawler.commands.forget import forget
from crawler.store.recorded import IMAGES, LOG
from crawler.store.store import images_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import PassingError, UserError
from tests.crawler.kept import bytes_of, raw
from tests.running import tries

REPOSITORY = Path(__file__).resolve().parents[2]
SEARCH = "/search/v1/image"
CONCURRENCY = 8  # of params_file
Crawl = Callable[..., dict[str, Any]]


def many(shop: Any, count: int) -> None:
    shop.images = {f"/p/{i}.jpg": b"\xff\xd8\xff%d" % i for i in range(count)}


def test_after_the_quota_only_what_was_not_answered_is_asked(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    many(shop, 450)
    shop.quota_after = 3
    with pytest.raises(PassingError, match="run again after 00:00 in Korea"):
        crawl()
    assert len(images_of(tmp_path / "store")) == 300
    shop.quota_after = None
    figures = crawl()
    assert shop.requests[SEARCH] == 4 + 2
    assert (figures["calls"], figures["calls_now"], figures["images"]) == (5, 2, 450)
    assert set(shop.fetched().values()) == {1}


@pytest.mark.parametrize("text", ["url,mine\nhttps://example.org/1.jpg,keep\n", "what I have to buy"])
def test_a_failed_csv_of_the_users_is_refused_and_stays(
    shop: Any, crawl: Crawl, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "store/failed.csv"

    def put(request: web.Request) -> web.Response:  # while the crawl runs
        file.write_text(text)
        return web.Response(status=404)

    shop.faults["/p/3.jpg"] = put
    for _ in range(2):  # at the end, and as the next one begins
        with pytest.raises(
            UserError, match=r"failed\.csv is not a file that this command wrote.*move it away"
        ):
            crawl()
        assert file.read_text() == text
    with pytest.raises(UserError, match=r"failed\.csv is not a file that this command wrote"):
        forget(
            Tombstones(tmp_path / "tombstones.jsonl"), tmp_path / "store", tmp_path / "raw", [], ["a.b"], []
        )
    assert file.read_text() == text
    file.unlink()
    shop.faults.clear()
    crawl()
    assert file.read_text().startswith("url,title,reason,status,tries,")


def test_a_calls_json_of_the_users_is_refused_and_stays(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    (tmp_path / "store/calls.json").write_text('{"calls": ["mother", "the dentist"]}')
    with pytest.raises(UserError, match=r"calls\.json does not count calls of a crawl: move it away"):
        crawl(queries=["others"])
    assert "dentist" in (tmp_path / "store/calls.json").read_text()


def test_a_crawl_that_is_told_to_waits_for_the_next_day(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[bool] = []

    def midnight(now: object) -> float:
        waits.append(True)
        shop.quota_after = None
        return 0.1

    monkeypatch.setattr("crawler.providers.client.seconds_to_midnight_in_korea", midnight)
    monkeypatch.setattr("crawler.providers.client.AFTER_MIDNIGHT_S", 0.0)
    many(shop, 250)
    shop.quota_after = 1
    assert crawl(wait_for_quota=True)["images"] == 250
    assert waits == [True]


def test_calls_are_counted_over_crawls_and_a_limit_of_ones_own_holds(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    many(shop, 250)
    crawl(max_products=100)
    with pytest.raises(PassingError, match=r"daily quota .* \(the limit crawl.daily_calls is reached\)"):
        crawl(daily_calls=3)
    assert shop.requests[SEARCH] == 3
    assert (
        "demo" not in json.loads((tmp_path / "store/calls.json").read_text())["calls"]
    )  # a hash stands there


def test_a_query_that_the_api_refuses_is_not_asked_again_by_the_same_crawl(shop: Any, crawl: Crawl) -> None:
    many(shop, 150)
    shop.search_faults = [(400, json.dumps({"errorCode": "SE01", "errorMessage": "no"}))]
    shop.quota_after = 2
    with pytest.raises(PassingError):
        crawl(queries=["bad", "good"])
    shop.quota_after = None
    crawl(queries=["bad", "good"])
    assert shop.requests[SEARCH] == 3 + 1


def test_titles_with_a_word_of_the_vocabularys_list_are_left_out(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    words = {"prefixes": ["남자"], "types": ["셔츠"], "axes": {}, "pairs": [], "not_in_title": ["/P/1"]}
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(words))
    figures = crawl(queries=[], vocabulary=str(tmp_path / "words.yaml"))
    assert (figures["images"], figures["left_out"]) == (19, {"TITLE": 11})
    assert [row["word"] for row in figures["words"]] == ["prefix=남자", "sort=sim", "filter=all"]


def test_failures_that_stay_are_not_tried_again_by_a_crawl_that_goes_on(shop: Any, crawl: Crawl) -> None:
    many(shop, 150)
    shop.faults["/p/0.jpg"] = lambda request: web.Response(status=404)
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=500)
    shop.quota_after = 1
    with pytest.raises(PassingError):
        crawl(retries=0)
    shop.quota_after = None
    figures = crawl(retries=0)
    assert figures["failed"] == {"HTTP_404": 1, "HTTP_500": 1}
    assert (shop.requests["/p/0.jpg"], shop.requests["/p/1.jpg"]) == (1, 2)
    assert figures["may_pass"] == 1


def test_what_was_given_up_under_other_limits_is_tried_again(shop: Any, crawl: Crawl) -> None:
    many(shop, 150)
    shop.images["/p/0.jpg"] = bytes(5000)
    shop.quota_after = 1
    with pytest.raises(PassingError):
        crawl(max_bytes=4000)
    shop.quota_after = None
    assert crawl(max_bytes=6000)["failed"] == {}


def test_every_product_is_stored_or_counted_under_one_reason(shop: Any, crawl: Crawl) -> None:
    statuses = [404, 403, 410, 500, 503, 429, 302]
    for status in statuses:
        shop.faults[f"/p/{status}"] = lambda request, status=status: web.Response(status=status)
    figures = crawl()
    assert figures["images"] + sum(figures["failed"].values()) == figures["products"] == 37
    assert figures["failed"] == {f"HTTP_{status}": 1 for status in statuses}


@pytest.mark.slow
def test_a_crawl_killed_at_events_ends_as_one_that_was_not(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    many(shop, 600)
    shop.delay_s = 0.03
    shop.faults["/p/7.jpg"] = lambda request: web.Response(status=404)
    params = params_file(queries=["a", "b"])

    def start(name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "crawler", str(tmp_path / name / "raw"), "--params", str(params)]
        command += ["--store", str(tmp_path / name / "store")]
        command += ["--tombstones", str(tmp_path / "tombstones.jsonl")]
        return subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)

    assert start("undisturbed").wait(120) == 0
    undisturbed, calls = shop.fetched(), shop.requests[SEARCH]
    store = tmp_path / "killed/store"
    events = {  # what has happened so often
        "asked": lambda: shop.fetched().total() - undisturbed.total(),
        "written": lambda: sum(path.is_file() for path in (store / IMAGES).rglob("*")),
        "recorded": lambda: (store / LOG).read_bytes().count(b"\n") if (store / LOG).exists() else 0,
    }
    seeded = random.Random(6)
    moments = sorted(seeded.randrange(undisturbed.total()) for _ in range(tries(9, 20)))
    for number, moment in enumerate(moments):
        process = start("killed")
        happened, until = list(events.values())[number % 3], time.monotonic() + 60
        while happened() < moment:
            assert time.monotonic() < until, f"nothing comes after {happened()}"
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert start("killed").wait(120) == 0
    twice = shop.fetched() - undisturbed - undisturbed
    assert twice.total() <= len(moments) * 2 * CONCURRENCY  # in flight, or being written
    assert shop.requests[SEARCH] - calls <= calls + len(moments)  # answers are not asked for again

    def outcome(name: str) -> list[dict[str, Any]]:
        table = pd.read_parquet(tmp_path / name / "raw/records.parquet").fillna(0)
        return table.drop(columns=["crawled_at", "crawl_id", "attempts"]).to_dict("records")

    assert outcome("killed") == outcome("undisturbed")
    for record in raw(tmp_path / "killed"):
        body = shop.images[record.url.removeprefix(shop.address)]
        assert bytes_of(tmp_path / "killed/raw", record) == body


def test_a_further_run_tries_failures_again_by_the_same_answers_and_the_one_after_asks_anew(
    shop: Any, crawl: Crawl
) -> None:
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=503)
    for calls in (1, 1, 2):
        figures = crawl(retries=0)
        assert (figures["failed"], figures["may_pass"]) == ({"HTTP_503": 1}, 1)
        assert shop.requests[SEARCH] == calls
