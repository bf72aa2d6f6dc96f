"""The journal: answers, images given up, torn lines, a full disk."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.lines import line_of
from crawler.plan.journal import Journal, rewrite
from crawler.providers.api import Page, Result, SearchCall
from fashion_pggan.errors import UserError

CALL = SearchCall("q", 1, 100, "sim", "all")
PAGE = Page(
    3, 2, (Result(1, "제목", "http://a/1", 2, None), Result(2, "", "http://a/2", None, None, "http://b"))
)


def test_a_journal_gives_back_answers_and_what_was_given_up(tmp_path: Path) -> None:
    with Journal(tmp_path / "plan.jsonl", "first", "1/1") as journal:
        assert not journal.resumed
        journal.answered(CALL, PAGE)
        journal.answered(SearchCall("bad", 1, 100, "sim", "all"), None)
        journal.gave_up("http://a/1", "HTTP_404")
    with Journal(tmp_path / "plan.jsonl", "second", "1/1") as again:
        assert (again.resumed, again.crawl_id) == (True, "first")
        assert again.answer_to(CALL) == PAGE
        assert again.answer_to(SearchCall("bad", 1, 100, "sim", "all")) is None
        assert not again.has(SearchCall("q", 1, 100, "date", "all"))
        assert again.lost == {"http://a/1": "HTTP_404"}


def test_of_merged_journals_an_answer_goes_before_a_call_that_was_given_up(tmp_path: Path) -> None:
    bad = SearchCall("bad", 1, 100, "sim", "all")
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    with Journal(files[0], "a", "1/1") as journal:
        journal.answered(CALL, None, "FAILED_CALL")
        journal.answered(bad, None, "BAD_QUERY")
    with Journal(files[1], "b", "1/1") as journal:
        journal.answered(CALL, PAGE)
        journal.answered(bad, None, "ODD_ANSWER")
    for sources in (files, files[::-1], [files[0], files[0], files[1]]):
        assert rewrite(tmp_path / "c.jsonl", sources, lambda line: line) == 0
        with Journal(tmp_path / "c.jsonl", "c", "1/1") as merged:
            assert (merged.answer_to(CALL), merged.reason_against(CALL)) == (PAGE, "")
            assert merged.has(bad)
            assert merged.reason_against(bad) == ("ODD_ANSWER" if sources[0] == files[1] else "BAD_QUERY")


def test_a_journal_that_is_whole_starts_anew_but_not_for_another_part(tmp_path: Path) -> None:
    with Journal(tmp_path / "plan.jsonl", "first", "1/2") as journal:
        journal.answered(CALL, PAGE)
        journal.done()
    with Journal(tmp_path / "plan.jsonl", "second", "2/2") as other:
        assert (other.has(CALL), other.crawl_id) == (True, "first")
    with Journal(tmp_path / "plan.jsonl", "third", "1/2") as anew:
        assert (anew.has(CALL), anew.crawl_id) == (False, "third")


def test_a_journal_on_a_full_disk_keeps_the_lines_that_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SearchCall("other", 1, 100, "sim", "all")
    with Journal(tmp_path / "plan.jsonl", "first", "1/1") as journal:
        journal.answered(CALL, PAGE)
        with monkeypatch.context() as full:
            write, room = os.write, [9]

            def some(handle: int, data: bytes) -> int:
                if not room:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return write(handle, data[: room.pop()])

            full.setattr(os, "write", some)
            with pytest.raises(OSError, match="No space left"):
                journal.answered(other, PAGE)
        journal.answered(SearchCall("last", 1, 100, "sim", "all"), PAGE)
    with Journal(tmp_path / "plan.jsonl", "second", "1/1") as again:
        assert len(again.places) == 2
        assert not again.has(other)


@given(st.integers(0, 10_000))
def test_a_journal_torn_anywhere_keeps_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = tmp_path_factory.mktemp("journal") / "plan.jsonl"
    calls = [SearchCall(f"{i}", 1, 100, "sim", "all") for i in range(4)]
    with Journal(file, "first", "1/1") as journal:
        for call in calls:
            journal.answered(call, PAGE)
    data = file.read_bytes()
    file.write_bytes(data[: cut % (len(data) + 1)])
    whole = file.read_bytes().count(b"\n")
    with Journal(file, "second", "1/1") as torn:
        assert [torn.has(call) for call in calls] == [at + 1 < whole for at in range(4)]
        torn.answered(CALL, PAGE)
    with Journal(file, "third", "1/1") as healed:
        assert healed.answer_to(CALL) == PAGE


@pytest.mark.parametrize("harm", [b"\0" * 40, b"\xff", b"[" * 50_000, b"\n", b'{"call": NaN}\n'])
def test_a_damaged_line_loses_its_answer_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: bytes
) -> None:
    file = tmp_path / "plan.jsonl"
    calls = [SearchCall(f"{i}", 1, 100, "sim", "all") for i in range(4)]
    with Journal(file, "first", "1/1") as journal:
        for call in calls:
            journal.answered(call, PAGE)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:20] + harm + lines[2][60:]
    file.write_bytes(b"".join(lines))
    assert rewrite(tmp_path / "joined.jsonl", [file], lambda line: line) >= 1
    with Journal(file, "second", "1/1") as again:
        assert [again.has(call) for call in calls][0::2] == [True, True]
        assert not again.has(calls[1])
        assert all(again.answer_to(call) == PAGE for call in calls if again.has(call))
    assert "damaged: their search calls are repeated" in caplog.text
    caplog.clear()
    with Journal(file, "third", "1/1") as healed:
        assert healed.crawl_id == "first"
    assert not caplog.text


def test_an_entry_of_a_later_version_stops_everything_and_is_not_dropped(tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_bytes(line_of({"crawl": "first"}) + line_of({"dreamt": 1}))
    with pytest.raises(UserError, match=r"plan.jsonl, line 2, is unknown to this version: install a newer"):
        Journal(file, "second", "1/1")
    assert file.read_bytes().count(b"\n") == 2


def test_answers_of_early_versions_are_read_and_packed_when_they_are_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    results = [[1, "제목", "http://a/1", 2, None], [2, "", "http://a/2", None, None, "http://b"]]
    line = {"call": ["q", 1, 100, "sim", "all"], "total": 3, "returned": 2, "results": results}
    results[0].append("")
    file.write_bytes(line_of({"crawl": "first"}) + line_of(line))
    with Journal(file, "second", "1/1") as journal:
        assert journal.answer_to(CALL) == PAGE
    assert rewrite(tmp_path / "new.jsonl", [file], lambda line: line) == 0
    assert b"packed" in (tmp_path / "new.jsonl").read_bytes()
    with Journal(tmp_path / "new.jsonl", "third", "1/1") as anew:
        assert anew.answer_to(CALL) == PAGE


def test_lines_of_early_versions_without_a_checksum_are_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_text('{"crawl": "first"}\n{"call": ["q", 1, 100, "sim", "all"]}\n')
    with Journal(file, "second", "1/1") as journal:
        assert (journal.has(CALL), journal.answer_to(CALL)) == (True, None)
