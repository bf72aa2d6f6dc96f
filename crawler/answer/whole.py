"""Whether bytes are a whole image, by what each format says of its end. Pure."""

Body = bytes | bytearray

PADDING = b"\0\t\n\r "  # that servers put behind an image
LAST = 64  # bytes in which padding is looked for
START_OF_SCAN, FILL = 0xDA, 0xFF  # of JPEG: the pixels follow; a byte that may stand before a marker
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})  # markers of JPEG


def is_whole(body: Body) -> bool:
    """Whether a body is an image to its end; an unknown format proves nothing."""
    end = body[-LAST:].rstrip(PADDING)
    if body.startswith(b"\xff\xd8\xff"):
        return end.endswith(b"\xff\xd9") and _has_pixels(body)
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return end.endswith(b"IEND\xaeB`\x82")
    if body.startswith((b"GIF87a", b"GIF89a")):
        return _has_trailer(body)
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return len(body) >= 8 + int.from_bytes(body[4:8], "little")
    if body.startswith(b"BM"):
        return len(body) >= int.from_bytes(body[2:6], "little") > 26
    return body[4:8] == b"ftyp" and _ends_with_a_box(body)


def _has_pixels(body: Body) -> bool:
    """Whether the pixels of a JPEG begin: the end of a preview in its head is not its own."""
    at = 2
    while at + 4 <= len(body) and body[at] == FILL:
        marker = body[at + 1]
        if marker == START_OF_SCAN:
            return True
        if marker == FILL:
            at += 1
        elif marker in WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(body[at + 2 : at + 4], "big")
    return False


def _has_trailer(body: Body) -> bool:
    """Whether the blocks of a GIF lead to its trailer; its byte may stand anywhere."""
    at = 13 + _palette_bytes(body[10:11])
    while (kind := body[at : at + 1]) in (b"!", b","):
        at += 2 if kind == b"!" else 11 + _palette_bytes(body[at + 9 : at + 10])
        while size := int.from_bytes(body[at : at + 1], "big"):
            at += size + 1
        at += 1
    return kind == b";"


def _palette_bytes(flags: Body) -> int:
    packed = int.from_bytes(flags, "big")
    return 6 << (packed & 7) if packed & 0x80 else 0


def _ends_with_a_box(body: Body) -> bool:
    """Whether the boxes of AVIF or HEIC end where the body does, and one of them has the pixels."""
    at, has_pixels = 0, False
    while at + 8 <= len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(body[at + 8 : at + 16], "big")
        if size < 8:
            return False
        has_pixels |= body[at + 4 : at + 8] == b"mdat"
        at += size
    return at == len(body) and has_pixels
