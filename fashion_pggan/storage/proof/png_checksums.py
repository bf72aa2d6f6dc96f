"""Whether a PNG is the one that was written, by the checksums of its chunks."""

from pathlib import Path
from zlib import crc32

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_fault(path: Path) -> str:
    """What is wrong with a PNG; empty if nothing is.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    place, kind = len(SIGNATURE), b""
    while data.startswith(SIGNATURE) and kind != b"IEND" and place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4])
        kind = data[place + 4 : place + 8]
        if crc32(data[place + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return f"the checksum of its part {kind.decode('ascii', 'replace')!r} is wrong"
        place = end + 4
    return "" if kind == b"IEND" and place == len(data) else "it is not a complete PNG"
