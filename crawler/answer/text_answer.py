"""A text where an image should be: a page or JSON, and whether it says "too many requests". Pure."""

import re

PAGE = re.compile(rb"<(?:!doctype html|html|head|body|script)[\s>]")  # lower-case
JSON = re.compile(rb'\{\s*"|\[\s*\{')
BEGIN = 1024  # bytes in which HTML is looked for
WORDS_IN = 4096  # bytes in which words are looked for
TOO_FAST = re.compile(
    rb"too[\s_-]*many[\s_-]*requests|rate[\s_-]*limit|slow[\s_-]*down|requests? too fast|request quota"
    rb"|service (temporarily )?unavailable|bad gateway|gateway time-?out"
    + "|요청이 너무 많|요청 횟수|잠시 ?후 다시".encode()
)


def is_page(body: bytes) -> bool:
    """Whether a body is HTML or JSON."""
    begin = body[:BEGIN].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith(b"<"):
        return PAGE.search(begin) is not None and b"<svg" not in begin
    return JSON.match(begin) is not None


def says_too_fast(body: bytes) -> bool:
    """Whether a page, or a plain text, says that there were too many requests."""
    begin = body[:WORDS_IN]
    return (begin.isascii() or is_page(body)) and TOO_FAST.search(begin.lower()) is not None
