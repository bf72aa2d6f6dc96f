"""The encoding of a list: UTF-8, UTF-16 (Excel's Unicode text), cp949 (Korean Excel) or Johab (before it)."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from crawler.answer.unicode_text import unicode_encoding_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import open_plain

SAMPLE = 4 << 20  # bytes by which an encoding is chosen
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP or Excel"}  # by the first bytes
HANGUL = re.compile(r"[\uac00-\ud7a3]")
NOT_KOREAN = re.compile(
    "[\\u0370-\\u03ff\\u3040-\\u30ff\\u3131-\\u318e\\u4e00-\\u9fff\\uf900-\\ufaff\\ufffd]"
)  # Greek, kana, lone letters of Hangul (kana of EUC-JP look so), ideographs, undecodable bytes
KOREANS = ("cp949", "johab")
KOREAN = 0.9  # share of Hangul among the letters of Korean text
KANA = re.compile(r"[\u3041-\u30ff]")
IDEOGRAPHS = re.compile(r"[\u4e00-\u9fff]+")
FREQUENT = 0.9  # share of frequent ideographs in Chinese text
# letters of Turkish, Icelandic or Czech, three letters with accents in a row, or a capital within a word
NOT_WESTERN = re.compile(r"[ÐÝÞðýþŠšŽž]|[^\W\d_a-zA-Z]{3}|[a-zß-ÿ][À-ÞŠŒŽŸ]")
CANDIDATES = (  # as `iconv` names them
    *("CP1252", "CP1250", "CP1254", "MACINTOSH", "CP1251", "KOI8-R", "CP1253", "CP1255", "CP1256"),
    *("CP874", "CP932", "EUC-JP", "GB18030", "BIG5"),
)
ASCII = frozenset(map(chr, range(128)))
SIGNS = frozenset(  # quotation marks, dashes, money, blanks
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u20ac\xa0\xab\xbb\xb0\xae\u2122"
    "\u3000\u3001\u3002\uff08\uff09\uff0c"
)


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


def likely_encodings_of(path: Path) -> list[str]:
    """What a list that is no UTF-8 may be in, as `iconv` names it; a single one is likely."""
    with open_plain(path) as file:
        _, odd = _odd_lines(file.read(SAMPLE))
    data = b"\n".join(odd)
    texts = {name: text for name in CANDIDATES if (text := _decoded(data, name)) and _is_text(text)}
    likely = (name for name, is_likely in LIKELY.items() if name in texts and is_likely(texts[name]))
    return next(([name] for name in likely), [*texts])


def _is_text(text: str) -> bool:
    """Whether all that is not ASCII are letters, their marks, or signs of prose."""
    return all(letter in SIGNS or unicodedata.category(letter)[0] in "LM" for letter in {*text} - ASCII)


def _is_japanese(text: str) -> bool:
    return KANA.search(text) is not None


def _is_chinese(text: str) -> bool:
    """Whether ideographs stand side by side and are frequent ones: pairs of other letters make rare ones."""
    found = IDEOGRAPHS.findall(text)
    usual = sum(_is_frequent(letter) for letter in "".join(found))
    return bool(found) and all(len(run) > 1 for run in found) and usual >= FREQUENT * sum(map(len, found))


def _is_frequent(letter: str) -> bool:
    """Whether an ideograph is of the first level of GB 2312, or of Big5."""
    gb, big5 = (letter.encode(name, "ignore")[:1] for name in ("gb2312", "big5"))
    return b"\xb0" <= gb <= b"\xd7" or b"\xa4" <= big5 <= b"\xc6"


def _is_western(text: str) -> bool:
    """Whether letters with accents stand alone, as in most of Western Europe."""
    return not NOT_WESTERN.search(text)


LIKELY = {
    "CP932": _is_japanese,
    "EUC-JP": _is_japanese,
    "GB18030": _is_chinese,
    "BIG5": _is_chinese,
    "CP1252": _is_western,
}


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
