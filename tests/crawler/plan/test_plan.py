"""The plan: pages, families, variants, words, parts."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.plan.families import following
from crawler.plan.plan import Plan, in_part
from crawler.plan.vocabulary import Vocabulary, read_vocabulary
from crawler.providers.api import Page, SearchCall
from crawler.providers.kakao import KAKAO
from crawler.providers.naver import HUB
from crawler.store.marks import mark_of
from tests.crawler.plan.words import VOCABULARY, WORDS, params_of

REPOSITORY = Path(__file__).resolve().parents[3]


def marks(call: SearchCall, total: int, of: Callable[[SearchCall, int], str]) -> list[bytes]:
    last = min(total, call.start + call.display - 1)
    return [mark_of(of(call, rank)) for rank in range(call.start, last + 1)]


def walk(
    plan: Plan, total: int, of: Callable[[SearchCall, int], str], most: int = 10_000
) -> list[SearchCall]:
    """Every call of a plan on a search whose queries have `total` results each, named by `of(call, rank)`."""
    calls: list[SearchCall] = []
    while (call := plan.next()) and len(calls) < most:
        calls.append(call)
        found = marks(call, total, of)
        plan.answered(Page(total, len(found), ()), found)
    return calls


def everything_new(call: SearchCall, rank: int) -> str:
    return f"{call}/{rank}"


@pytest.mark.parametrize(
    ("total", "starts"),
    [
        (0, [1]),
        (1, [1]),
        (100, [1, 101]),
        (101, [1, 101]),
        (250, [1, 101, 201]),
        (999, list(range(1, 1000, 100))),
        (1000, list(range(1, 1000, 100))),
        (1001, list(range(1, 1000, 100))),
        (3_815_005, [1, 101, 201, 301, 401, 501, 601, 701, 801, 901]),
    ],
)
def test_a_query_is_paged_until_its_total_or_the_windows_end(total: int, starts: list[int]) -> None:
    plan = Plan.of(params_of(queries=["q"]), None, HUB)
    assert [call.start for call in walk(plan, total, everything_new)] == starts


def test_kakao_is_paged_by_eighty_to_rank_four_thousand() -> None:
    plan = Plan.of(params_of(queries=["q"], filter="large"), None, KAKAO)
    calls = walk(plan, 10**6, everything_new)
    assert len(calls) == 50
    assert (calls[-1].start, calls[-1].filter) == (3921, "all")


@pytest.mark.parametrize("total", [None, 0, 5000, 100, 150, 2**62])
@pytest.mark.parametrize("returned", [1, 99, 100])
def test_neither_a_short_page_nor_a_total_ends_a_query_alone(total: int | None, returned: int) -> None:
    call = SearchCall("q", 101, 100, "date", "large")
    assert following(call, Page(total, returned, ()), 1000) == SearchCall("q", 201, 100, "date", "large")


@pytest.mark.parametrize(
    "page", [Page(5000, 0, ()), Page(None, 0, ()), Page(199, 99, ()), Page(101, 1, ()), Page(200, 100, ())]
)
def test_an_empty_page_ends_a_query_and_so_does_a_short_one_where_the_total_ends(page: Page) -> None:
    assert following(SearchCall("q", 101, 100, "date", "large"), page, 1000) is None


@pytest.mark.parametrize("total", [None, 0, 5000])
def test_a_repeated_page_ends_a_query(total: int | None) -> None:
    plan = Plan.of(params_of(queries=["q"]), None, HUB)
    starts = []
    while call := plan.next():
        starts.append(call.start)
        marks = [mark_of(f"{min(call.start, 201)}/{rank}") for rank in range(100)]
        plan.answered(Page(total, 100, ()), marks[:: (-1) ** len(starts)])  # in another order
    assert starts == [1, 101, 201, 301]


def test_the_same_results_under_another_sort_are_no_repeated_page() -> None:
    plan = Plan.of(params_of(queries=["q"], sort="both"), None, HUB)
    calls = walk(plan, 250, lambda call, rank: f"{call.query}/{rank}")
    assert len(calls) == 6


def test_each_distinct_query_is_asked_once_and_equals_take_turns() -> None:
    plan = Plan.of(params_of(queries=["b", "a", "b"]), None, HUB)
    calls = walk(plan, 200, everything_new)
    assert [(call.query, call.start) for call in calls] == [("b", 1), ("a", 1), ("b", 101), ("a", 101)]


def test_both_sorts_and_filters_are_asked() -> None:
    plan = Plan.of(params_of(queries=["q"], sort="both", filter="large+medium"), None, HUB)
    calls = walk(plan, 1, everything_new)
    assert {(call.sort, call.filter) for call in calls} == {
        (sort, size) for sort in ("sim", "date") for size in ("large", "medium")
    }


def test_a_query_is_left_when_a_page_brings_too_little_new() -> None:
    plan = Plan.of(params_of(queries=["a"], sort="both", min_new=0.1), None, HUB)
    calls = walk(plan, 1000, lambda call, rank: f"{rank if rank > 95 else f'{call}/{rank}'}")
    left = [call for call in calls if call.sort == "date"]
    assert len([call for call in calls if call.sort == "sim"]) == 10
    # after sim has shown ranks 96 on, the first page of date still brings 95 of 100, the second nothing
    assert [call.start for call in left] == [1, 101]


def test_a_vocabulary_is_asked_type_by_type_then_with_a_word_more() -> None:
    plan = Plan.of(params_of(), VOCABULARY, HUB)
    calls = walk(plan, 1, everything_new)
    queries = [call.query for call in calls]
    assert queries[:6] == ["남자 셔츠", "남자 니트", "남자 맨투맨", "남성 셔츠", "남성 니트", "남성 맨투맨"]
    assert set(queries[6:15]) == {
        f"남자 {word} {kind}" for word in ("블랙", "네이비", "오버핏") for kind in ("셔츠", "니트", "맨투맨")
    }
    assert queries[-1].count(" ") == 3
    assert len(queries) == len(set(queries)) == 3 * (2 + 3 + 2)


def test_what_brought_most_new_is_asked_on() -> None:
    """Black finds what is known, navy what is new: all of navy comes before the rest of black."""

    def of(call: SearchCall, rank: int) -> str:
        return f"{rank}" if "네이비" not in call.query else f"{call}/{rank}"

    calls = walk(Plan.of(params_of(), VOCABULARY, HUB), 1000, of)
    navy = [at for at, call in enumerate(calls) if "네이비" in call.query and " 오버핏" not in call.query]
    later_pages_of_black = [at for at, call in enumerate(calls) if "블랙" in call.query and call.start > 1]
    assert max(navy) < min(later_pages_of_black)


def test_sixty_thousand_images_are_reached_within_a_days_quota() -> None:
    """Results overlap as in a search: a garment has some thousands of images, words find shares of them."""
    vocabulary = read_vocabulary(REPOSITORY / "vocabularies/tops.yaml")
    plan = Plan.of(params_of(sort="both", filter="large+medium", min_new=0.1), vocabulary, HUB)

    def of(call: SearchCall, rank: int) -> str:
        kind = call.query.rpartition(" ")[2]
        return f"{kind}/{random.Random(f'{call}/{rank}').randrange(4000)}"

    known: set[bytes] = set()
    calls = 0
    while len(known) < 60_000 and (call := plan.next()):
        found = marks(call, 1000, of)
        known.update(found)
        plan.answered(Page(1000, len(found), ()), found)
        calls += 1
    assert len(known) >= 60_000
    assert calls < 5000


@settings(max_examples=12)
@given(st.integers(1, 9), st.integers(0, 300))
def test_parts_share_a_plan_out_without_overlap(of: int, total: int) -> None:
    def calls_of(part: str) -> list[SearchCall]:
        return walk(Plan.of(params_of(part=part), VOCABULARY, HUB), total, everything_new)

    parts = [calls_of(f"{number}/{of}") for number in range(1, of + 1)]
    whole = calls_of("1/1")
    assert sorted(str(call) for part in parts for call in part) == sorted(map(str, whole))
    for part in parts:  # in the order that the whole has
        own = set(map(str, part))
        assert [call for call in whole if str(call) in own] == part


def test_an_address_is_in_the_same_part_on_every_machine() -> None:
    assert [in_part(f"type {kind}", "1/2") for kind in WORDS["types"]] == [False, True, False]


def test_a_vocabulary_knows_how_many_queries_a_type_has() -> None:
    repeated = {**WORDS, "prefixes": ["남자", "남성", "남자"]}
    for vocabulary in (VOCABULARY, Vocabulary.model_validate(repeated)):
        assert vocabulary.queries_of_a_type == sum(map(len, vocabulary.levels("셔츠"))) == 7
