"""Text in UTF-16 or UTF-32: known by its byte order mark, or by a word that such a text holds. Pure."""

import codecs

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))  # bytes of a letter


def unicode_encoding_of(begin: bytes, word: str) -> str:
    """The encoding of a text, as Python names it; empty without a mark and without letters of several bytes.

    Args:
        begin: of the text.
        word: in small ASCII letters; every such text holds it, in small letters or in capitals.
    """
    for mark, name in BOMS:
        if begin.startswith(mark):
            return name
    small = begin.lower()
    for name, size in WIDE:
        at = small.find(word.encode(name))
        if at >= 0 and at % size == 0:
            return name
    return ""
