"""The encoding of a list: UTF-8, UTF-16 (Excel's Unicode text), cp949 (Korean Excel) or Johab (before it)."""

import re
from collections.abc import Sequence
from pathlib import Path

from crawler.answer.unicode_text import unicode_encoding_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import open_plain

SAMPLE = 4 << 20  # bytes by which an encoding is chosen
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP or Excel"}  # by the first bytes
HANGUL = re.compile(r"[\uac00-\ud7a3]")
NOT_KOREAN = re.compile(
    "[\\u3040-\\u30ff\\u4e00-\\u9fff\\uf900-\\ufaff\\ufffd]"
)  # kana, ideographs, undecodable bytes
KOREANS = ("cp949", "johab")
KOREAN = 0.9  # share of Hangul among the letters of Korean text
KANA = re.compile(r"[\u3041-\u30ff]")


def encoding_of(path: Path) -> str:
    """The encoding of a list, as Python names it; bytes that it does not decode are to be replaced.

    Raises:
        UserError: it is compressed, or as `open_plain`.
        OSError: as `open_plain`.
    """
    with open_plain(path) as file:
        begin = file.read(SAMPLE)
    for mark, kind in PACKED.items():
        if begin.startswith(mark):
            raise UserError(f"{path} is a {kind} file: give the unpacked list, or save it as CSV")
    if name := unicode_encoding_of(begin, "http"):
        return name
    foreign, odd = _odd_lines(begin)
    of_korean = KOREANS if 2 * len(odd) > foreign else ()
    return next((name for name in of_korean if _is_korean(odd, name)), "utf-8")


def likely_encoding_of(path: Path) -> str:
    """What a list that is no UTF-8 may be, as `iconv` names it; a guess for a message."""
    with open_plain(path) as file:
        _, odd = _odd_lines(file.read(SAMPLE))
    text = b"\n".join(odd)
    for name in ("CP932", "EUC-JP"):
        if KANA.search(_decoded(text, name)):
            return name
    return "GB18030" if _decoded(text, "gb18030") else "CP1252"


def _odd_lines(begin: bytes) -> tuple[int, list[bytes]]:
    """How many lines are not ASCII, and those among them that are no UTF-8; a cut last line is left out."""
    lines = begin.split(b"\n")
    if len(begin) == SAMPLE:
        lines.pop()
    foreign = [line for line in lines if not line.isascii()]
    return len(foreign), [line for line in foreign if not _decoded(line, "utf-8")]


def _is_korean(lines: Sequence[bytes], encoding: str) -> bool:
    text = b"\n".join(lines).decode(encoding, "replace")
    hangul = HANGUL.findall(text)
    usual = sum(len(letter.encode("euc_kr")) == 2 for letter in hangul)  # others have 8 bytes there
    return usual > 0 and usual >= KOREAN * (len(hangul) + len(NOT_KOREAN.findall(text)))


def _decoded(data: bytes, encoding: str) -> str:
    """The text, empty where the bytes are not in this encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return ""
