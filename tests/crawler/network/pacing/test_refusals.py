"""The pace of a host, by refusals: additive increase, multiplicative decrease."""

import asyncio
import csv
import itertools
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from scrapy import Request
from scrapy.http import Response

from crawler.answer.failures import PostponedError
from crawler.network.middlewares import PausingRetry
from crawler.network.pacing.hosts import MOST_PUT_OFF, Host
from crawler.network.pacing.refusals import SLOWEST, Pace

Crawl = Callable[..., dict[str, Any]]
JPEG, IMAGE = b"\xff\xd8\xff\xe0 shirt", {"Content-Type": "image/jpeg"}


def refused_at(pace: Pace, now: float, times: int = 4) -> list[bool]:
    return [pace.refused(now, now) for _ in range(times)]


def test_a_host_that_does_not_refuse_has_no_pace() -> None:
    pace = Pace()
    for second in range(100):
        pace.answered(float(second))
    pace.take(100.0)
    assert (pace.rate, pace.next_at) == (math.inf, 100.0)


def test_a_few_refusals_among_answers_are_the_images_own() -> None:
    pace = Pace()
    for second in range(10):
        pace.answered(float(second))
    assert refused_at(pace, 10.0, 3) == [False, False, False]
    assert math.isinf(pace.rate)


def test_more_refusals_halve_the_pace_and_stop_the_host_for_a_moment() -> None:
    pace = Pace()
    for tenth in range(16):
        pace.answered(tenth / 10)
    assert refused_at(pace, 1.6)[-1]
    assert pace.rate == pytest.approx(5.0)  # half of 16 answers in 1.6 s
    assert pace.next_at > 1.6
    assert pace.refused(1.7, sent_at=1.5)  # was on its way
    assert pace.rate == pytest.approx(5.0)
    assert refused_at(pace, 2.0)[-1]
    assert pace.rate == pytest.approx(2.5)


def test_the_pace_grows_step_by_step_while_the_host_answers() -> None:
    pace = Pace()
    pace.answered(0.0)
    refused_at(pace, 1.0)
    rates = []
    for second in range(2, 6):
        pace.answered(float(second))
        rates.append(pace.rate)
    steps = [later - earlier for earlier, later in itertools.pairwise(rates)]
    assert steps == pytest.approx([steps[0]] * 3)
    assert steps[0] > 0


def test_pauses_double_while_nothing_is_answered_and_the_pace_has_a_floor() -> None:
    pace, now, pauses = Pace(), 0.0, []
    for _ in range(20):
        refused_at(pace, now := now + 100)
        pauses.append(pace.next_at - now)
    assert pauses[1] == 2 * pauses[0]
    assert pauses[-1] == 60
    assert pace.rate == SLOWEST


def test_images_that_are_refused_again_while_others_are_served_lower_no_pace() -> None:
    host = Host()
    for _ in range(40):
        served = host.served
        host.answered(well=True)
        assert not host.refused(math.inf, served)
    assert math.isinf(host.pace.rate)
    assert [host.refused(math.inf, host.served) for _ in range(4)] == [False, False, False, True]


def test_a_host_that_refuses_all_that_is_left_is_given_up_after_a_third_of_the_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("crawler.network.pacing.hosts.time.monotonic", lambda: now[0])
    host, silent = Host(180.0), Host(180.0)
    host.answered(well=True)
    for each in (host, silent):
        each.refused(now[0])
    now[0] += 59  # a host that counts requests by the minute serves again soon
    assert not host.is_given_up()
    now[0] += 1
    assert host.is_given_up()
    assert not silent.is_given_up()  # it has served nothing yet
    host.line.untried = 1
    assert not host.is_given_up()  # this one may tell
    host.line.untried = 0
    host.answered(well=True)
    assert not host.is_given_up()


def test_a_crawl_does_not_wait_long_for_images_that_a_host_refuses_for_good(shop: Any, crawl: Crawl) -> None:
    shop.faults = {f"/no/{i}.jpg": lambda request: web.Response(status=429) for i in range(8)}
    figures = crawl(patience_s=3.0)
    assert (figures["images"], sum(figures["failed"].values())) == (30, 8)
    assert max(shop.requests[path] for path in shop.faults) <= 15


@pytest.mark.parametrize("status", [420, 509, 529])
def test_statuses_that_some_hosts_use_for_too_fast_lose_no_image(
    shop: Any, crawl: Crawl, status: int
) -> None:
    asked: Counter[str] = Counter()

    def refuse_twice(request: web.Request) -> web.Response:
        asked[request.path] += 1
        return web.Response(status=status if asked[request.path] <= 2 else 200, body=JPEG, headers=IMAGE)

    shop.faults = {f"/fast/{i}.jpg": refuse_twice for i in range(3)}
    figures = crawl(retries=0)
    assert (figures["images"], figures["failed"]) == (33, {})


@pytest.mark.parametrize(
    ("status", "retry_after", "refuses"),
    [
        (403, "2", True),
        (500, "2", True),
        (403, "", False),
        (403, "0", False),
        (403, "soon", False),
        (404, "2", False),
        (410, "2", False),
        (302, "2", False),
        (429, "", True),
        (503, "soon", True),
    ],
)
def test_an_error_that_says_when_to_come_again_is_of_the_hosts_pace(
    status: int, retry_after: str, refuses: bool
) -> None:
    middleware = PausingRetry.__new__(PausingRetry)
    response = Response("https://a.example/1.jpg", status=status, headers={"Retry-After": retry_after})
    assert middleware._refuses(response) is refuses


@pytest.mark.parametrize("wanted", ["3600", "Fri, 31 Dec 9999 23:59:59 GMT", "99999999999999999999"])
def test_images_that_are_put_off_hold_up_no_other_and_the_next_run_has_them(
    shop: Any, crawl: Crawl, tmp_path: Path, wanted: str
) -> None:
    """They are refused beside others that are refused for a moment, so that the host has a pace."""
    asked: Counter[str] = Counter()

    def busy(request: web.Request) -> web.Response:
        asked[request.path] += 1
        is_off, is_first = request.path in off, asked[request.path] == 1
        if is_first:
            return web.Response(status=429, headers={"Retry-After": wanted} if is_off else {})
        return web.Response(body=shop.images[request.path], headers=IMAGE)

    off = {f"/p/{i}.jpg" for i in range(4, 30, 9)}
    shop.faults = {f"/p/{i}.jpg": busy for i in range(0, 30, 3)} | dict.fromkeys(off, busy)
    figures = crawl(retries=0)
    assert (figures["images"], figures["failed"]) == (27, {"HTTP_429": 3})
    (row,) = figures["put_off"]
    with (tmp_path / "store/failed.csv").open(newline="") as file:
        moments = [row["not_before"] for row in csv.DictReader(file)]
    assert (row["images"], row["until"]) == (3, max(moments))
    assert crawl()["images"] == 30


def test_a_host_that_puts_off_many_images_in_a_row_means_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crawler.network.pacing.hosts.time.monotonic", lambda: 1000.0)
    host = Host(180.0)
    for _ in range(MOST_PUT_OFF):
        host.puts_off(3600.0)
    host.answered(well=True)
    for _ in range(MOST_PUT_OFF):
        host.puts_off(3600.0)
    assert host.resume_at == 0.0
    host.puts_off(3600.0)
    assert host.resume_at == 4600.0
    assert host._free_at() == 0.0  # who waits for it is refused now, not in an hour


@pytest.mark.parametrize(("waited", "is_put_off"), [(0.0, False), (2.0, False), (3.0, True)])
def test_several_pauses_of_one_image_are_no_longer_than_the_patience(waited: float, is_put_off: bool) -> None:
    middleware, host = PausingRetry.__new__(PausingRetry), Host(5.0)
    middleware.max_retry_times = 1
    request = Request(
        "https://a.example/1.jpg", meta={"image": True, "waited": waited, "refused_alone": 1, "sent_at": 1.0}
    )
    refused = middleware._refused(request, "HTTP_429", host, 3.0)
    if is_put_off:
        asyncio.run(refused)
    else:
        with pytest.raises(PostponedError):
            asyncio.run(refused)
    assert ("not_before" in request.meta) == is_put_off
