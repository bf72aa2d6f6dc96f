"""How many rows of a list may be skipped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.lists.skipped import NAMED, Skipped
from crawler.network.addresses import canonical_url
from fashion_pggan.errors import UserError

Read = Callable[..., Any]


def test_more_skipped_rows_than_the_limit_are_an_error_with_the_first_ones(read: Read) -> None:
    text = "url,title\nhttps://a/1,x\n,no address\n,none here\n"
    assert len(read("a.csv", text, most=0.7).links) == 1
    expected = (
        r"2 of 3 rows hold no readable address \(NO_ADDRESS 2; line 3 'no address', line 4 'none here'\)"
    )
    with pytest.raises(UserError, match=rf"{expected}: correct them, or raise crawl.max_skipped, now 0.6"):
        read("a.csv", text, most=0.6)


def test_a_list_of_something_else_ends_early(tmp_path: Path) -> None:
    skipped = Skipped(tmp_path / "a.txt", 0.5)
    for line in range(999):
        skipped.rows += 1
        skipped.add(line, "BAD_ADDRESS", "x")
    skipped.rows += 1
    with pytest.raises(UserError, match=r"1,000 of 1,000 rows hold no readable address"):
        skipped.add(999, "BAD_ADDRESS", "x")


def test_only_so_many_rows_are_kept_in_memory(tmp_path: Path) -> None:
    skipped = Skipped(tmp_path / "a.txt", 1.0)
    for line in range(NAMED + 5):
        skipped.rows += 1
        skipped.add(line, "BAD_ADDRESS", "x" * 9999)
    assert (len(skipped.named), skipped.counts["BAD_ADDRESS"]) == (NAMED, NAMED + 5)
    assert len(skipped.named[0].text) == 300


def test_a_clean_list_says_nothing(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    read("a.txt", "https://a/1\n").skipped.report()
    assert not caplog.text


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_row_that_an_earlier_crawl_skipped_is_named_and_not_counted(read: Read, name: str) -> None:
    rows = (
        ",first,NO_ADDRESS,2\n,second,NO_ADDRESS,3\nhttps://a/1,mended,NO_ADDRESS,4\nhttps://a/2,,HTTP_404,\n"
    )
    got = read(name, f"url,title,reason,line\n{rows}", most=0.0)
    assert got.links == ["https://a/1", "https://a/2"]
    assert [(row.line, row.said.title) for row in got.skipped.named] == [(2, "first"), (3, "second")]
    with pytest.raises(
        UserError, match=r"1 of 3 rows hold no readable address \(NO_ADDRESS 1; line 6 'new'\)"
    ):
        read(name, f"url,title,reason,line\n{rows},new,,\n", most=0.0)


def test_columns_line_and_reason_of_another_meaning_do_not_lift_the_limit(read: Read) -> None:
    for line, reason in (("outdoor", "NO_ADDRESS"), ("7", "new")):
        with pytest.raises(UserError, match=r"1 of 2 rows hold no readable address"):
            read("a.csv", f"url,title,line,reason\n,x,{line},{reason}\nhttps://a/1,x,,\n", most=0.4)
    calls = "url,title,line,reason\n,a search,,FAILED_CALL\nhttps://a/1,x,,\n"
    assert read("a.csv", calls, most=0.0).links == ["https://a/1"]


def test_an_address_that_is_cut_is_no_address(tmp_path: Path) -> None:
    skipped = Skipped(tmp_path / "a.txt", 1.0)
    for text in ("https://a/" + "y" * 400, "cut: " + "x" * 295):
        skipped.rows += 1
        skipped.add(skipped.rows, "TOO_LONG", text)
    texts = [row.text for row in skipped.named]
    assert [(text[:11], len(text)) for text in texts] == [("cut: https:", 300), ("cut: xxxxxx", 300)]
    with pytest.raises(ValueError):  # noqa: PT011  whatever it says
        canonical_url(texts[0])
