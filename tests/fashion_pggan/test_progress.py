"""Progress: lines in a log, a bar on a terminal."""

import logging
import os
import pty
import re
import subprocess
import sys
import termios

import pytest

from fashion_pggan import progress
from fashion_pggan.progress import Progress, duration


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_now_and_then_with_rate_and_remaining_time(clock, caplog) -> None:
    caplog.set_level(logging.INFO)
    with Progress("curate", 900, "images") as shown:
        for second in range(1, 31):
            clock[0] = 100.0 + second
            shown.advance(10, f"{second} kept")
    lines = [record.message for record in caplog.records]
    assert lines == [
        "curate: 150/900 images, 10.0/s, 01:15 left (15 kept)",
        "curate: 300/900 images, 10.0/s, 01:00 left (30 kept)",
        "curate: 300/900 images, 10.0/s, 01:00 left (30 kept)",
    ]


def test_what_an_earlier_run_did_counts_for_the_total_not_for_the_rate(clock, caplog) -> None:
    caplog.set_level(logging.INFO)
    with Progress("training", 1000, "images", start=600) as shown:
        clock[0] = 120.0
        shown.advance(200)
    assert caplog.records[0].message == "training: 800/1000 images, 10.0/s, 00:20 left"


def test_work_that_an_earlier_run_had_finished_has_no_rate(clock, caplog) -> None:
    caplog.set_level(logging.INFO)
    with Progress("training", 1000, "images", start=1000):
        clock[0] = 101.0
    assert [record.message for record in caplog.records] == ["training: 1000/1000 images"]


def test_without_a_total_there_is_no_remaining_time(clock, caplog) -> None:
    caplog.set_level(logging.INFO)
    with Progress("crawl", None, "images") as shown:
        clock[0] = 110.0
        shown.advance(5)
        shown.expect(5)
    assert caplog.records[-1].message == "crawl: 5/5 images, 0.5/s"


def test_work_that_fails_ends_without_a_line_that_sounds_like_success(clock, caplog) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(KeyError), Progress("crawl", 5, "images") as shown:  # noqa: PT012
        shown.advance()
        raise KeyError
    assert not caplog.records


def test_a_terminal_gets_a_bar() -> None:
    script = (
        "from fashion_pggan.progress import Progress, duration\n"
        "with Progress('curate', 40, 'images') as shown:\n"
        "    for _ in range(40): shown.advance(1, 'kept 7')\n"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert re.search(r"curate: 100%.*40/40 \[.* images/s, kept 7\]", shown)


def test_who_knows_better_how_much_time_is_left_says_it_in_the_note(clock, caplog) -> None:
    caplog.set_level(logging.INFO)
    with Progress("training", 1000, "images", says_left=False) as shown:
        clock[0] = 120.0
        shown.advance(200, "at least 1 h left")
    assert caplog.records[0].message == "training: 200/1000 images, 10.0/s (at least 1 h left)"


def test_a_bar_whose_note_says_it_has_no_remaining_time_of_its_own() -> None:
    script = (
        "from fashion_pggan.progress import Progress, duration\n"
        "with Progress('train', 40, 'images', says_left=False) as shown:\n"
        "    for _ in range(40): shown.advance(1, '5 s left')\n"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert re.search(r"train: 100%.*40/40 \[\d+:\d+, .* images/s, 5 s left\]", shown)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d 0 h"),
        (183_600, "2 d 3 h"),
    ],
)
def test_a_duration_has_the_two_units_that_matter(seconds: float, words: str) -> None:
    assert duration(seconds) == words
