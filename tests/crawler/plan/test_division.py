"""Parts of even size, the same on every machine."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.plan.division import NEW_PER_CALL, expected_calls, families_of
from crawler.plan.plan import Plan
from crawler.providers.naver import HUB
from tests.crawler.plan.words import VOCABULARY, WORDS, params_of

SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(1, 5000), min_size=1)


def test_families_take_turns_until_one_has_no_more_calls() -> None:
    most = {"shirts": 4000, "plain": 10, "knits": 4000}
    assert expected_calls(most, 30) == {"shirts": 10, "plain": 10, "knits": 10}
    assert expected_calls(most, 210) == {"shirts": 100, "plain": 10, "knits": 100}
    assert expected_calls(most, 211) == {"shirts": 101, "plain": 10, "knits": 101}
    assert expected_calls(most, 10**9) == most
    assert expected_calls(most, 1) == dict.fromkeys(most, 1)


@given(SIZES, st.integers(1, 20_000))
def test_expected_calls_add_up_to_what_is_wanted(most: dict[str, int], wanted: int) -> None:
    calls = expected_calls(most, wanted)
    assert all(1 <= calls[name] <= most[name] for name in most)
    assert min(wanted, sum(most.values())) <= sum(calls.values()) < wanted + len(most)


@given(SIZES, st.integers(1, 9))
def test_parts_differ_by_no_more_than_the_largest_family(calls: dict[str, int], of: int) -> None:
    parts = [families_of(f"{number}/{of}", calls) for number in range(1, of + 1)]
    assert sorted(name for part in parts for name in part) == sorted(calls)
    loads = [sum(calls[name] for name in part) for part in parts]
    assert max(loads) - min(loads) <= max(calls.values())
    assert bool(parts[-1]) is (len(calls) >= of)  # the last part is the first to be empty


def test_the_families_of_a_part_are_the_same_on_every_machine() -> None:
    calls = {"a": 1, "b": 9, "c": 5, "d": 5, "e": 2}
    assert [families_of(f"{number}/3", calls) for number in (1, 2, 3)] == [["b"], ["c", "e"], ["a", "d"]]


def test_a_family_at_the_end_leaves_the_others_where_they_are() -> None:
    calls = dict.fromkeys("abcdefg", 10)
    for number in (1, 2, 3):
        before, after = (families_of(f"{number}/3", each) for each in (calls, {**calls, "h": 10}))
        assert after[: len(before)] == before


def test_a_plan_is_divided_by_the_calls_of_its_queries_and_types() -> None:
    params = params_of(queries=["q1", "q2", "q3"], max_products=63 * NEW_PER_CALL)
    # three queries make 10 calls each at most; the types share the 33 that are left
    divided = [
        [family.name for family in Plan.of(params_of(**given), VOCABULARY, HUB).families]
        for given in ({**params.model_dump(), "part": f"{number}/2"} for number in (1, 2))
    ]
    kinds = [f"type {kind}" for kind in WORDS["types"]]
    assert divided == [["q3", kinds[0], kinds[2]], ["q1", "q2", kinds[1]]]
