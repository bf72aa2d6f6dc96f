"""What a check finds: files, each with what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

Faults = Iterator[tuple[Path, str]]  # each file, with what is wrong with it; empty if nothing is

MISSING = "it is missing"
PNG = b"\x89PNG\r\n\x1a\n"


class Unknown(str):
    """Why a file could not be checked: it may be intact or damaged."""

    __slots__ = ()


def png_fault(path: Path) -> str:
    """What is wrong with a PNG, by the checksums of its chunks."""
    data = path.read_bytes()
    place, kind = len(PNG), b""
    while data.startswith(PNG) and kind != b"IEND" and place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4])
        kind = data[place + 4 : place + 8]
        if crc32(data[place + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return f"the checksum of its part {kind.decode('ascii', 'replace')!r} is wrong"
        place = end + 4
    return "" if kind == b"IEND" and place == len(data) else "it is not a complete PNG"
