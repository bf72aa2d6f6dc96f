"""Splits a JPEG file into the parts that its pixels need.

It leaves out metadata, stray bytes between segments and what follows the end. So each remaining warning of a
decoder means a loss of pixels. Source: ITU-T T.81, annexes B, F and G.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # except stuffed bytes and restarts, which belong to scans
SEQUENTIAL, PROGRESSIVE = (0xC0, 0xC1), 0xC2  # frames with Huffman codes
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
HUFFMAN, START, END, SCAN, JFIF, ADOBE = 0xC4, 0xD8, 0xD9, 0xDA, 0xE0, 0xEE
TABLES = frozenset({HUFFMAN, 0xCC, 0xDB, 0xDD})  # codes, arithmetic conditions, quantisation, restarts
ALONE = frozenset({0x01, START})  # markers without a length
COEFFICIENTS = 64
WHOLE_BLOCKS = bytes(
    (0, COEFFICIENTS - 1, 0)
)  # the coefficients that decoders expect in a sequential scan, whatever it says
MOST_SCANS = 500  # the limit of libjpeg-turbo's own tools; real files have 10
MOST_SEGMENTS = 10_000  # segments to read; a hundred megabytes of metadata have fewer
FILL_BYTES = 16  # zero bytes in a row; photographs have 5 at most
STANDARD_CODES = {0x10: 0x01, 0x11: 0x00}  # the symbols of zero bits when a file has no codes


class Scan(NamedTuple):
    """A scan with everything between it and the scan before."""

    header: bytes
    coded: bytes  # its entropy-coded data
    values: bool  # zero bits in it code one value after another: no encoder writes many


@dataclass
class Parts:
    """What a JPEG decoder needs."""

    scans: list[Scan] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)  # pixels: width, height
    missing: dict[int, list[int]] = field(default_factory=dict)  # by component: bits to come, per coefficient


def parts_of(data: bytes) -> Parts:
    """Split a JPEG file into its parts.

    Raises:
        ValueError: scans are missing, too many, or hold zeros in place of data.
    """
    parts, codes, frame = Parts(), dict(STANDARD_CODES), 0
    header: list[bytes] = []  # of the next scan
    segments = list(_segments(data))
    components = next((body[5] for marker, body, _ in segments if marker in FRAMES and len(body) > 5), 0)
    for marker, body, coded in segments:
        if marker in FRAMES:
            frame = marker
            _begin(parts, body)
        elif marker == HUFFMAN:
            codes |= _zero_symbols(body)
        elif marker == SCAN:
            start = body[:-3] + WHOLE_BLOCKS if frame in SEQUENTIAL else body
            _refine(parts.missing, start)
            begin = b"".join([*header, _segment(marker, start)])
            parts.scans.append(Scan(begin, coded, _zeros_are_values(frame, start, codes)))
            header = []
            continue
        header.append(_segment(marker, _plain(marker, body, components)))
    _check(parts)
    return parts


def joined(scans: list[Scan]) -> bytes:
    """A file of scans, with an end."""
    return b"\xff\xd8" + b"".join(scan.header + scan.coded for scan in scans) + b"\xff\xd9"


def without_fill(scan: Scan, most: int | None = None) -> Scan:
    """A scan without the bytes that it repeats at its end.

    Args:
        scan: a scan.
        most: how many of them to leave out; None: all.
    """
    kept = scan.coded.rstrip(scan.coded[-1:])
    if most is not None:
        kept = scan.coded[: max(len(kept), len(scan.coded) - most)]
    return scan._replace(coded=kept + b"\0" if kept.endswith(b"\xff") else kept)  # 0xFF is written FF 00


def _check(parts: Parts) -> None:
    if not parts.scans or any(any(bits) for bits in parts.missing.values()):
        raise ValueError("truncated: scans are missing")
    if len(parts.scans) > MOST_SCANS:
        raise ValueError(f"{len(parts.scans)} scans")
    if any(scan.values and bytes(FILL_BYTES) in scan.coded.rstrip(b"\0") for scan in parts.scans):
        raise ValueError("zeros in place of data")


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, content and, for scans, the data that follows; to the end of the image or its whole part."""
    place = 2
    for _ in range(MOST_SEGMENTS):
        if not (found := MARKER.search(data, place)):
            return
        marker, begin = data[found.end() - 1], found.end()
        if marker == END:
            return
        if marker in ALONE:
            place = begin
            continue
        place = begin + max(int.from_bytes(data[begin : begin + 2], "big"), 2)
        if place > len(data):
            return
        body, coded = data[begin + 2 : place], b""
        if marker == SCAN:
            following = MARKER.search(data, place)
            end = following.start() if following else len(data)
            coded = data[place:end].rstrip(b"\xff")  # any number of these may precede a marker
            place = end
        yield marker, body, coded


def _segment(marker: int, body: bytes | None) -> bytes:
    return b"" if body is None else bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _plain(marker: int, body: bytes, components: int) -> bytes | None:
    """A segment's content; None when pixels do not depend on it."""
    if marker in FRAMES or marker in TABLES:
        return body
    if marker == JFIF and body.startswith(b"JFIF\0"):
        return b"JFIF\0\1\1\0\0\1\0\1\0\0"  # its presence says what the colours are
    if marker == ADOBE and body.startswith(b"Adobe") and len(body) >= 12:
        known = 1 + (components == 4)  # decoders treat all others as this
        return body[:11] + bytes((known if body[11] else 0,)) + body[12:]
    return None


def _begin(parts: Parts, body: bytes) -> None:
    """Note a frame's size, and the coefficients to come."""
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise ValueError("the frame header is broken")
    parts.size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
    parts.missing = {body[6 + 3 * index]: [14] * COEFFICIENTS for index in range(body[5])}


def _refine(missing: dict[int, list[int]], body: bytes) -> None:
    """Note what a scan brings: coefficients `first` to `last`, down to a bit."""
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    for index in range(count):
        component = missing.get(body[1 + 2 * index])
        end = min(last + 1, COEFFICIENTS)
        if component and first < end:
            component[first:end] = [bits & 15] * (end - first)


def _zero_symbols(body: bytes) -> dict[int, int]:
    """By table: the symbol whose code has only zeros."""
    symbols = {}
    while len(body) > 17:
        symbols[body[0]] = body[17]
        body = body[17 + sum(body[1:17]) :]
    return symbols


def _zeros_are_values(frame: int, body: bytes, codes: Mapping[int, int]) -> bool:
    """Whether zero bits code one coefficient after another, and never that the rest of a block is zero.

    If zero bits mean that a block is flat, as codes made for one image often do, runs of zeros are normal.
    """
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return False
    first, _, bits = body[1 + 2 * count : 4 + 2 * count]
    first_of_progressive = frame == PROGRESSIVE and first > 0 and not bits >> 4
    if frame not in SEQUENTIAL and not first_of_progressive:
        return False
    tables = [0x10 | body[2 + 2 * index] & 15 for index in range(count)]
    return any(codes.get(table, 0) & 15 for table in tables)
