"""JSON Lines with a checksum in each line: a damaged line is noticed, and the others are still read.

The checksum is the last value of a line, `"crc32": "0123abcd"`, over all bytes before it. Lines without
one, of early versions or written by hand, are read too.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import lines_in

SEAL = re.compile(rb', "([^"]{5})": "([0-9a-f]{8})"\}\r?\n?\Z')  # also with a damaged name
SEAL_SIZE = len(b', "crc32": "01234567"}\r\n')


class Line(NamedTuple):
    """A line of a file."""

    number: int  # from 1
    start: int  # bytes
    data: bytes
    values: dict[str, Any] | None  # None: the line is damaged
    sealed: bool  # whether a checksum confirms the values

    @property
    def is_ended(self) -> bool:
        """Whether a line break follows."""
        return self.data.endswith(b"\n")


def line_of(values: dict[str, Any]) -> bytes:
    """A line with its checksum; `values` may not be empty."""
    text = json.dumps(values, ensure_ascii=False).encode(errors="surrogatepass")[:-1]
    return b'%b, "crc32": "%08x"}\n' % (text, crc32(text))


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the lines of a file that are not empty; none where there is no file.

    Raises:
        UserError: it is not a plain file (a folder, or a pipe, which never ends), or a line is too long.
    """
    if not path.exists():
        return
    start = 0
    for number, data in enumerate(lines_in(path), start=1):
        if data.strip():
            yield Line(number, start, data, *values_of(data))
        start += len(data)


def values_of(data: bytes) -> tuple[dict[str, Any] | None, bool]:
    """The values of a line, None where it is damaged, and whether a checksum confirms them."""
    seal = SEAL.search(data, max(len(data) - SEAL_SIZE, 0))
    if seal and (seal[1] != b"crc32" or crc32(data[: seal.start()]) != int(seal[2], 16)):
        return None, False
    try:
        values = json_in(data.decode(errors="surrogatepass"))
    except ValueError:  # also text that is no UTF-8
        return None, False
    if not isinstance(values, dict) or (seal is None and "crc32" in values):
        return None, False
    values.pop("crc32", None)
    return values, seal is not None
