"""Text in UTF-16 and UTF-32."""

import codecs

import pytest

from crawler.answer.unicode_text import unicode_encoding_of

HANGUL = "가각간갇갈감갑값강개객갠갤갬갭" * 40


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("before", ["", "x", HANGUL, "가,"])
@pytest.mark.parametrize("word", ["http", "HTTP", "Http"])
def test_a_wide_text_without_a_mark_is_known_by_a_word(name: str, before: str, word: str) -> None:
    assert unicode_encoding_of(f"{before}{word}://a{before}".encode(name), "http") == name


@pytest.mark.parametrize("mark", [codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE])
def test_the_mark_of_utf_32_is_not_taken_for_that_of_utf_16(mark: bytes) -> None:
    assert unicode_encoding_of(mark, "http") == "utf-32"


@pytest.mark.parametrize(
    "text", [b"", b"http://a", b"a\0b http://a", HANGUL.encode(), HANGUL.encode("cp949")]
)
def test_other_texts_are_not_wide(text: bytes) -> None:
    assert unicode_encoding_of(text, "http") == ""
