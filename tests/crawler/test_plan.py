from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.plan import first_calls, following, results_left
from crawler.providers.naver import Page, SearchCall


def page(returned: int, total: int = 5000) -> Page:
    return Page(total=total, returned=returned, results=())


def starts_of(total: int) -> list[int]:
    call: SearchCall | None = first_calls(["q"], "sim", "all")[0]
    starts = []
    while call is not None:
        starts.append(call.start)
        call = following(call, page(max(0, min(100, total - call.start + 1)), total))
    return starts


@pytest.mark.parametrize(
    ("total", "starts"),
    [
        (0, [1]),
        (1, [1]),
        (100, [1]),
        (101, [1, 101]),
        (250, [1, 101, 201]),
        (999, list(range(1, 1000, 100))),
        (1000, list(range(1, 1000, 100))),
        (1001, list(range(1, 1000, 100))),
        (3_815_005, [1, 101, 201, 301, 401, 501, 601, 701, 801, 901]),
    ],
)
def test_a_query_is_paged_until_its_total_or_the_windows_end(total: int, starts: list[int]) -> None:
    assert starts_of(total) == starts


def test_a_short_page_ends_a_query_whatever_total_it_claims() -> None:
    call = SearchCall("q", 101, 100, "date", "large")
    assert following(call, page(99)) is None
    assert following(call, page(100)) == SearchCall("q", 201, 100, "date", "large")


def test_each_distinct_query_is_asked_once_in_the_order_given() -> None:
    assert [call.query for call in first_calls(["b", "a", "b"], "sim", "all")] == ["b", "a"]


def test_queries_take_turns() -> None:
    calls, order = deque(first_calls(["a", "b"], "sim", "all")), []
    while calls:
        call = calls.popleft()
        order.append((call.query, call.start))
        after = following(call, page(100, 200))
        if after is not None:
            calls.append(after)
    assert order == [("a", 1), ("b", 1), ("a", 101), ("b", 101)]


@given(st.integers(0, 5_000_000))
def test_results_left_never_promise_more_than_the_window(total: int) -> None:
    (call,) = first_calls(["q"], "sim", "all")
    assert results_left(call, total) == min(total, 1000)
