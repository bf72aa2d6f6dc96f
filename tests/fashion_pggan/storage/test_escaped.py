import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fashion_pggan.storage.escaped import (
    FORMULAS,
    csv_cell,
    csv_of,
    markdown,
    markdown_code,
    printable,
    printable_lines,
    text_of_cell,
)

PAGE = MarkdownIt("commonmark").enable("table")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[here](javascript:alert(1))",
    "![](https://example.org/seen.png)",
    "**bold** _slanted_ ~~gone~~ `code` ``",
    "a | b | c",
    "two\nlines\r\n\n# and a heading",
    "&lt;b&gt;",
    "\\<b>",
    "\x1b[2J\x1b]0;title\x07\u202egnp.exe",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stands_for_itself_in_a_line_of_markdown(text):
    shown = PAGE.render(f"before {markdown(text)} after").strip()
    assert shown.count("<") == 2  # the paragraph
    assert shown.startswith("<p>before ")
    assert "\n" not in shown


@pytest.mark.parametrize("text", [*HOSTILE, ""])
def test_text_stays_in_its_cell(text):
    table = PAGE.render(f"| a | b |\n|---|---|\n| {markdown(text)} | 1 |\n")
    assert table.count("<td>") == 2
    assert table.count("<tr>") == 2
    assert "<em>" not in table
    assert "<a " not in table
    assert "<img" not in table


@pytest.mark.parametrize("text", [*HOSTILE, "", "`", "a` <b>"])
def test_text_stays_in_its_piece_of_code(text):
    shown = PAGE.render(f"before {markdown_code(text)} after")
    assert shown.count("<code>") == shown.count("</code>") == 1
    assert shown.count("<") == 4


@pytest.mark.parametrize("text", ["남자 반팔티", "TOO_SMALL", "shop0.example", "000012.500", "a (b), 9 %"])
def test_plain_text_stays_as_it_is(text):
    assert markdown(text) == printable(text) == text
    assert markdown_code(text) == f"`{text}`"


@pytest.mark.parametrize(("text", "link"), [("https://example.org", "https\\://"), ("www.a.org", "www\\.")])
def test_an_address_is_no_link(text, link):
    assert link in markdown(text)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\n"])
def test_no_cell_of_text_is_a_formula(start):
    text = csv_of((f"{start}1", "n"), [(f"{start}1+1", -2.5)])
    assert list(csv.reader(io.StringIO(text, newline=""))) == [[f"'{start}1", "n"], [f"'{start}1+1", "-2.5"]]


def test_a_cell_holds_no_control_character():
    assert csv_of(("a",), [("\r=1",), ("\x1b[2J",)]) == "a\n\\r=1\n\\x1b[2J\n"


def test_a_terminal_obeys_nothing():
    assert printable("\x1b[31mred\x07\r\x9b2J\u202e") == r"\x1b[31mred\x07\r\x9b2J\u202e"
    assert printable("two\nlines\tand a tab") == "two\nlines\tand a tab"


def test_what_turns_letters_or_is_no_utf8_is_written_out():
    text = printable("\u061c\u2028\udcff")
    assert text == r"\u061c\u2028\udcff"
    assert text.encode()


def test_wide_signs_begin_no_formula_either():
    assert csv_of(["a"], [["\uff1d1+1"]]) == "a\n'\uff1d1+1\n"


def test_what_comes_from_files_stays_on_its_line_of_a_terminal():
    lines = ["name\nall is whole: 9 files", "\x1b[2J\r\x9b31m", 3, "a\ttab \udcff"]
    text = printable_lines(lines)
    assert text.splitlines() == [r"name\nall is whole: 9 files", r"\x1b[2J\r\x9b31m", "3", "a\ttab \\udcff"]


@given(st.text(alphabet="'=+-@a1, \t\uff1d", max_size=6))
def test_a_cell_gives_its_text_back(text: str) -> None:
    assert text_of_cell(str(csv_cell(text))) == text
    assert not str(csv_cell(text)).startswith(FORMULAS)
