"""The page of the reliability table."""

from benchmarks.drills.page import line, page


def row(drill: str, said: str) -> str:
    return line([drill, "1", "0", "0", said, "same result", "2026-11-27 abcdef0"])


def test_a_new_row_takes_the_place_of_its_former_one_and_the_others_stay() -> None:
    before = page([row("crawl killed", "killed"), row("curate killed", "a traceback")])
    after = page([row("curate killed", "killed"), row("shard swapped", "verify names it")], before)
    assert after == page(
        [
            row("crawl killed", "killed"),
            row("curate killed", "killed"),
            row("shard swapped", "verify names it"),
        ]
    )
    assert "a traceback" not in after


def test_a_cell_may_hold_the_sign_that_parts_cells() -> None:
    first = page([row("a | b", "one | two")])
    assert page([], first) == first
    assert page([row("a | b", "one | two")], first) == first
