"""An image's size from its first bytes. Pure."""

import struct

ENOUGH = 256 * 1024  # bytes in which a size is looked for
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # JPEG markers that begin a frame


def size_of(begin: bytes | bytearray) -> tuple[int, int] | None:
    """Width and height in pixels as the header declares them; None when `begin` does not hold it (yet)."""
    try:
        if begin[:3] == b"\xff\xd8\xff":
            return _jpeg(begin)
        if begin[:8] == b"\x89PNG\r\n\x1a\n" and begin[12:16] == b"IHDR":
            return _two(">II", begin, 16)
        if begin[:6] in (b"GIF87a", b"GIF89a"):
            return _two("<HH", begin, 6)
        if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
            return _webp(begin)
        if begin[:2] == b"BM" and len(begin) > 18 and begin[14:18] != b"\x0c\0\0\0":
            width, height = _two("<ii", begin, 18)
            return abs(width), abs(height)  # negative when the rows start at the top
    except (struct.error, IndexError):
        pass
    return None


def size_against(size: tuple[int, int] | None, min_side: int, max_pixels: int) -> str:
    """Why an image of a declared size is unwanted; empty when it is wanted or declares no size.

    Args:
        size: width and height in pixels.
        min_side: pixels.
        max_pixels: pixels; 0: no limit.
    """
    if size is None:
        return ""
    if min(size) < min_side:
        return "TOO_SMALL"
    return "TOO_MANY_PIXELS" if max_pixels and size[0] * size[1] > max_pixels else ""


def _two(form: str, begin: bytes | bytearray, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, begin, at)
    return first, second


def _jpeg(begin: bytes | bytearray) -> tuple[int, int] | None:
    at = 2
    while True:
        while begin[at] == 0xFF and begin[at + 1] == 0xFF:  # fill bytes
            at += 1
        if begin[at] != 0xFF:
            return None
        marker = begin[at + 1]
        if marker in FRAMES:
            height, width = _two(">HH", begin, at + 5)
            return width, height
        if marker == 0xDA:  # scan data without a frame header
            return None
        at += (
            2 if 0xD0 <= marker <= 0xD8 or marker == 0x01 else 2 + struct.unpack_from(">H", begin, at + 2)[0]
        )


def _webp(begin: bytes | bytearray) -> tuple[int, int] | None:
    kind = begin[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(begin[24:27], "little"), 1 + _whole(begin, 27)
    if kind == b"VP8 " and begin[23:26] == b"\x9d\x01\x2a":
        width, height = _two("<HH", begin, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and begin[20] == 0x2F:
        bits = struct.unpack_from("<I", begin, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def _whole(begin: bytes | bytearray, at: int) -> int:
    part = begin[at : at + 3]
    if len(part) < 3:
        raise IndexError
    return int.from_bytes(part, "little")
