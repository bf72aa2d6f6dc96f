"""Whether bytes are a whole image, by what each format says of its end. Pure."""

PADDING = b"\0\t\n\r "  # that servers put behind an image
LAST = 64  # bytes in which padding is looked for


def is_whole(body: bytes) -> bool:
    """Whether a body is an image to its end; an unknown format proves nothing."""
    end = body[-LAST:].rstrip(PADDING)
    if body.startswith(b"\xff\xd8\xff"):
        return end.endswith(b"\xff\xd9")
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return end.endswith(b"IEND\xaeB`\x82")
    if body.startswith((b"GIF87a", b"GIF89a")):
        return end.endswith(b";")
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return len(body) >= 8 + int.from_bytes(body[4:8], "little")
    if body.startswith(b"BM"):
        return len(body) >= int.from_bytes(body[2:6], "little") > 26
    return body[4:8] == b"ftyp" and _ends_with_a_box(body)


def _ends_with_a_box(body: bytes) -> bool:
    """Whether the boxes of AVIF or HEIC end where the body does."""
    at = 0
    while at + 8 <= len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(body[at + 8 : at + 16], "big")
        if size < 8:
            return False
        at += size
    return at == len(body)
