"""The lines of a list as text: an odd byte costs a character, a line without end costs that line."""

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

from crawler.lists.charset import encoding_of, likely_encodings_of
from crawler.lists.skipped import Skipped
from fashion_pggan.storage.bounded.plain_file import LONGEST_ROW, open_plain

ODD = "\ufffd"  # what an undecodable byte becomes

Line = tuple[int, str]  # number from 1, text with its line end


def lines_of_list(path: Path, skipped: Skipped, longest: int = LONGEST_ROW) -> Iterator[Line]:
    """Yield the lines of a list that are not longer than `longest` characters.

    Raises:
        UserError: too many lines are skipped, or the file is no plain file.
        OSError: it cannot be read.
    """
    encoding, advice, number = encoding_of(path), "", 0
    with TextIOWrapper(open_plain(path), encoding=encoding, errors="replace", newline="") as file:
        while line := file.readline(longest):
            number += 1
            if not _is_ended(line) and len(line) == longest:
                begin = line
                while line and not _is_ended(line):
                    line = file.readline(longest)
                skipped.rows += 1
                skipped.add(number, "TOO_LONG", begin)
                continue
            if ODD in line:
                advice = advice or _advice(path, encoding)
                skipped.mend(number, advice)
            yield number, line


def _is_ended(line: str) -> bool:
    return line.endswith(("\n", "\r"))


def _advice(path: Path, encoding: str) -> str:
    if not encoding.startswith("utf-8"):
        return f"bytes that are not {encoding}"
    names = likely_encodings_of(path)
    name = names[0] if len(names) == 1 else "ENCODING"
    known = "" if len(names) == 1 else f"; ENCODING is not known, and may be {', '.join(names) or 'any'}"
    guess = f"iconv -f {name} -t UTF-8 {path} > {path.stem}-utf8{path.suffix}"
    return f"bytes that are not UTF-8 (replaced; if the whole list is like that, convert it: {guess}{known})"
