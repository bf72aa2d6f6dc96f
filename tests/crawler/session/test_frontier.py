"""Search answers of another shape, damaged ones, repeated ones: what the frontier makes of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.session.figures import line_of, tables_of
from fashion_pggan.errors import PassingError, UserError

Crawl = Callable[..., dict[str, Any]]


def renamed(field: str, number: int = 100) -> str:
    items = [{"title": f"{i}", field: f"https://shop.example/{i}.jpg"} for i in range(number)]
    return json.dumps({"total": 5000, "items": items})


@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        (renamed("imageUrl"), "{title: str, imageUrl: str}"),
        (renamed("link").replace("https://", ""), "{title: str, link: str}"),
        (renamed("link").replace('"items"', '"results"'), "results: [{title: str, link: str}, ...]}"),
        (json.dumps({"total": 5000, "items": ["https://shop.example/1.jpg"] * 100}), "(200 str)"),
    ],
)
def test_answers_of_another_shape_end_the_crawl_after_two_and_the_next_run_asks_again(
    shop: Any, crawl: Crawl, answer: str, shape: str
) -> None:
    shop.every_search = (200, answer)
    calls = 4 if "results" in answer else 2  # an answer without the list is asked for twice
    for in_all in (1, 3, 6):  # each run asks for two more calls than the one before
        with pytest.raises(UserError, match="the search API's answers have another shape") as raised:
            crawl(queries=[f"셔츠 {i}" for i in range(40)], retries=4)
        assert shape in str(raised.value)
        assert not isinstance(raised.value, PassingError)
        assert shop.requests["/search/v1/image"] == calls * in_all
    shop.every_search = None
    assert crawl(queries=["셔츠 0"])["images"] == 30


@pytest.mark.parametrize("total", ["null", "0", '"many"', "98", "7", '"5,000"'])
def test_a_query_goes_on_to_its_end_whatever_total_its_answers_say(
    shop: Any, crawl: Crawl, total: str
) -> None:
    links = [f"{shop.address}/p/{i % 30}.jpg?{i}" for i in range(250)]
    pages = [links[:99], links[99:199], links[199:], []]  # the first one is short
    answers = [json.dumps({"items": [{"link": link} for link in page]}) for page in pages]
    shop.search_faults = [(200, f'{answer[:-1]}, "total": {total}}}') for answer in answers]
    assert (crawl()["products"], shop.requests["/search/v1/image"]) == (250, 4)


def page_of(shop: Any, first: int, number: int, total: object) -> str:
    items = [
        {"title": f"{i}", "link": f"{shop.address}/p/{i % 30}.jpg?{i}"} for i in range(first, first + number)
    ]
    return json.dumps({"total": total, "items": items})


@pytest.mark.parametrize(
    "answers",
    [
        ['{"total": 300, "items": null}'],
        ['{"total": "300", "start": 101, "items": null}'],
        ['{"total": 300, "results": []}'] * 2,
        ['{"total": 300}'] * 2,
        ['{"items": {}}', "[]"],
    ],
)
def test_a_later_page_without_a_list_ends_its_query_and_not_the_crawl(
    shop: Any, crawl: Crawl, answers: list[str]
) -> None:
    texts = [page_of(shop, 0, 100, 300), *answers, page_of(shop, 100, 40, 40), page_of(shop, 0, 0, 40)]
    shop.search_faults = [(200, text) for text in texts]
    figures = crawl(queries=["셔츠", "니트"], retries=4, min_new=0.0)
    odd = {} if len(answers) == 1 else {"ODD_ANSWER": 1}
    assert (figures["products"], figures["failed"]) == (140, odd)


def test_a_call_at_which_the_api_fails_in_every_run_is_left_out_among_others(
    shop: Any, crawl: Crawl, caplog: pytest.LogCaptureFixture
) -> None:
    queries = {"queries": ["good", "bad"], "retries": 0}
    shop.search_faults = [(200, page_of(shop, 0, 30, 30)), (500, "")]
    with pytest.raises(PassingError, match="the search API fails"):
        crawl(**queries)
    shop.search_faults = [(504, "")]
    figures = crawl(**queries)
    assert (figures["images"], figures["failed"]) == (30, {"FAILED_CALL": 1})
    assert "leaving out bad | sim | all from rank 1 on: 2 runs failed at it" in caplog.text
    assert "a further run  finds nothing to do" in tables_of(figures)  # no image failed


def test_an_api_that_answers_nothing_is_given_up_by_no_number_of_runs(shop: Any, crawl: Crawl) -> None:
    shop.every_search = (500, "")
    for _ in range(4):
        with pytest.raises(PassingError, match="the search API fails"):
            crawl(queries=["a", "b", "c", "d"], retries=0)
    assert shop.requests["/search/v1/image"] == 2 + 3 * 4  # two calls in the first run, then all


@pytest.mark.parametrize("nothing", [(500, ""), (200, "[]")])
def test_the_first_calls_may_bring_nothing_in_every_run(shop: Any, crawl: Crawl, nothing: Any) -> None:
    queries = {"queries": ["bad", "too", "good"], "retries": 0}
    asked = 4 if nothing == (200, "[]") else 2
    shop.search_faults = [nothing] * asked
    with pytest.raises(UserError, match="the search API"):
        crawl(**queries)
    shop.search_faults = [nothing] * asked
    figures = crawl(**queries)
    assert figures["failed"] == {"ODD_ANSWER" if asked == 4 else "FAILED_CALL": 2}
    assert (figures["images"], shop.requests["/search/v1/image"]) == (30, 2 * asked + 1)


ODD = (200, '{"total": 9, "results": []}')


@pytest.mark.parametrize("at", [0, 1, 3])
def test_queries_that_are_not_understood_do_not_end_a_crawl_that_understands_others(
    shop: Any, crawl: Crawl, tmp_path: Path, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    queries = ["a", "b", "c", "d", "e"]
    good = [(200, page_of(shop, 30 * i, 30, 30)) for i in range(5)]
    odd = {0: [0], 1: [1, 2], 3: [3, 4]}[at]
    shop.search_faults = [each for i, page in enumerate(good) for each in ([ODD] * 2 if i in odd else [page])]
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=500)
    for calls in (5 + len(odd), 0):  # the second run knows the calls that were given up
        figures = crawl(queries=queries, retries=0)
        assert figures["failed"]["ODD_ANSWER"] == len(odd)
        assert (figures["products"], figures["calls_now"]) == (30 * (5 - len(odd)), calls)
        text = (tmp_path / "store/failed.csv").read_text()
        assert all(f"\n,{queries[i]} | sim | all from rank 1 on,ODD_ANSWER," in text for i in odd)
    assert "the answer is {total: int, results: []}" in caplog.text


def test_a_crawl_that_understands_nothing_any_more_ends(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.search_faults = [(200, page_of(shop, 0, 30, 30)), *[ODD] * 40]
    with pytest.raises(UserError, match=r"another shape \(200 \{total: int, results: \[\]\}\)"):
        crawl(queries=[f"q{i}" for i in range(40)], retries=0)
    assert shop.requests["/search/v1/image"] == 1 + 2 * 10
    assert (tmp_path / "store/failed.csv").read_text().count("ODD_ANSWER") == 10


def test_a_single_query_that_is_not_understood_is_no_search_without_images(shop: Any, crawl: Crawl) -> None:
    shop.every_search = ODD
    with pytest.raises(UserError, match="another shape"):
        crawl(queries=["a"])


@pytest.mark.parametrize("bad", [[0], [2, 3], [1, 2, 3, 4]])
def test_several_failing_calls_are_tried_in_one_run_and_left_out_in_the_next(
    shop: Any, crawl: Crawl, tmp_path: Path, bad: list[int]
) -> None:
    queries = {"queries": list("abcdef"), "retries": 0}
    pages = [(200, page_of(shop, 30 * i, 30, 30)) for i in range(6)]
    shop.search_faults = [(503, "") if i in bad else page for i, page in enumerate(pages)]
    with pytest.raises(PassingError, match=r"the search API fails \(503\)"):
        crawl(**queries)
    assert shop.requests["/search/v1/image"] == 6
    assert (tmp_path / "store/failed.csv").read_text().count("FAILED_CALL") == len(bad)
    shop.search_faults = [(503, "")] * len(bad)
    figures = crawl(**queries)
    assert (figures["failed"], figures["calls_now"]) == ({"FAILED_CALL": len(bad)}, len(bad))
    assert figures["images"] == 30 * (6 - len(bad))


def test_a_run_ends_after_ten_failing_calls_in_a_row(shop: Any, crawl: Crawl) -> None:
    shop.search_faults = [(200, page_of(shop, 0, 30, 30)), *[(500, "")] * 40]
    with pytest.raises(PassingError, match="the search API fails"):
        crawl(queries=[f"q{i}" for i in range(40)], retries=0)
    assert shop.requests["/search/v1/image"] == 11


def test_an_api_that_wants_a_long_pause_ends_the_run_at_once(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shop._search
    pages = [(200, page_of(shop, 0, 30, 30))]

    def search(request: web.Request) -> web.Response:
        if pages:
            shop.search_faults = [pages.pop()]
            return real(request)
        return web.Response(status=503, headers={"Retry-After": "86400"})

    monkeypatch.setattr(shop, "_search", search)
    with pytest.raises(PassingError, match="the search API fails"):
        crawl(queries=list("abcdef"), retries=1)
    assert shop.requests["/search/v1/image"] == 2


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ("imageUrl", "its results hold no address, such as {title: str, imageUrl: str}"),
        ("", "the answer is {"),
    ],
)
def test_a_single_query_whose_later_pages_have_another_shape_does_not_pass_in_silence(
    shop: Any, crawl: Crawl, caplog: pytest.LogCaptureFixture, later: str, reason: str
) -> None:
    other = renamed(later) if later else renamed("link").replace('"items"', '"results"')
    shop.search_faults = [(200, page_of(shop, 0, 100, 5000)), *[(200, other)] * 2]
    figures = crawl(min_new=0.05)
    assert (figures["products"], figures["failed"]) == (100, {"ODD_ANSWER": 1})
    assert figures["left_out"] == {}  # none of them is a result
    assert f"leaving out 셔츠 | sim | all from rank 101 on: {reason}" in caplog.text


def test_a_total_of_thousands_of_digits_is_no_total(shop: Any, crawl: Crawl) -> None:
    pages = [page_of(shop, 0, 40, 7), page_of(shop, 0, 0, 7)]
    shop.search_faults = [(200, page.replace("7}", "9" * 6000 + "}")) for page in pages]
    figures = crawl()
    assert (figures["products"], figures["calls"], figures["failed"]) == (40, 2, {})


def test_results_without_an_address_are_counted_once_where_a_page_is_repeated(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    items = [{"link": f"{shop.address}/p/{i % 30}.jpg?{i}"} for i in range(97)]
    page = json.dumps({"total": 900, "items": [*items, {"link": ""}, {"link": "ftp://a/b"}, "x"]})
    shop.every_search = (200, page)
    figures = crawl(min_new=0.0)
    assert (figures["products"], figures["calls"]) == (97, 2)
    assert figures["left_out"] == {"BAD_ADDRESS": 1, "NO_ADDRESS": 2}
    assert (tmp_path / "store" / "failed.csv").read_text().count("ftp://a/b,,BAD_ADDRESS") == 1


def test_results_without_an_address_are_counted(shop: Any, crawl: Crawl) -> None:
    items = [{"title": "x", "link": ""}, {"link": None}, "x", {"link": f"{shop.address}/p/1.jpg"}]
    shop.search_faults = [(200, json.dumps({"total": 4, "items": items}))]
    figures = crawl()
    assert (figures["products"], figures["left_out"]) == (1, {"NO_ADDRESS": 3})


def test_a_damaged_answer_is_counted_also_by_a_run_that_reads_it_in_the_journal(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.search_faults = [(200, page_of(shop, 0, 30, 30)[:-40]), (200, page_of(shop, 0, 0, 30))]
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=500)
    for calls in (2, 0):  # the second run reads the answer in the journal
        figures = crawl(retries=0)
        assert (figures["images"], figures["calls_now"]) == (28, calls)
        assert figures["failed"] == {"DAMAGED_ANSWER": 1, "HTTP_500": 1}
        assert line_of(figures).endswith("HTTP_500 1 failed; of the search DAMAGED_ANSWER 1")
        failed = (tmp_path / "store" / "failed.csv").read_text()
        assert "\n,셔츠 | sim | all from rank 1 on,DAMAGED_ANSWER,,,,,,,,,,\n" in failed


def test_calls_that_were_given_up_are_counted_also_by_a_run_that_reads_them_in_the_journal(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    bad = (400, json.dumps({"errorCode": "SE01", "errorMessage": "Incorrect query request"}))
    shop.search_faults = [bad, (200, page_of(shop, 0, 30, 30)), (200, page_of(shop, 0, 0, 30))]
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=500)
    for _ in range(2):  # the second run reads the answers in the journal
        figures = crawl(queries=["bad", "good"], retries=0)
        assert figures["failed"] == {"BAD_QUERY": 1, "HTTP_500": 1}
        assert "\n,bad | sim | all from rank 1 on,BAD_QUERY," in (tmp_path / "store/failed.csv").read_text()
    assert figures["calls_now"] == 0
