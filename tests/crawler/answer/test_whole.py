"""Whole images by their ends."""

import io

import pytest
from PIL import Image

from crawler.answer.whole import is_whole

JPEG = b"\xff\xd8\xff\xda \xff\xd9"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF"])
@pytest.mark.parametrize("side", [3, 40])
def test_an_image_is_whole_to_its_last_byte_alone(form: str, side: int) -> None:
    out = io.BytesIO()
    try:
        Image.effect_noise((side, side + 1), 60).convert("RGB").save(out, form)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {form}")
    body = out.getvalue()
    assert is_whole(body)
    assert not is_whole(body[:-1].rstrip(b"\0"))
    assert not any(is_whole(body[:length]) for length in range(len(body) - 1))


@pytest.mark.parametrize("body", [b"", b"<html>", b"BM", b"RIFF", b"\0\0\0\0ftypavif", b"\0\0\0\x08ftyp"[:7]])
def test_what_is_no_image_is_not_whole(body: bytes) -> None:
    assert not is_whole(body)


def test_padding_behind_an_image_is_not_its_end() -> None:
    assert is_whole(JPEG + b"\r\n\0\0")


def test_a_preview_in_the_head_of_a_jpeg_is_not_the_image() -> None:
    head = b"\xff\xd8\xff\xe1" + (2 + len(JPEG)).to_bytes(2, "big") + JPEG
    assert is_whole(head + b"\xff\xff\xdb\0\2" + JPEG[2:])  # a fill byte, a table, the pixels
    assert not is_whole(head)
    assert not is_whole(head + b"\xff\xdb\0\4\xff\xd9")
    assert not is_whole(head + b"\xff\xd0\0 \xff\xd9")


@pytest.mark.parametrize("boxes", ["ftypavif", "ftypavif meta", "ftypavif meta mda "])
def test_boxes_without_pixels_are_no_whole_image(boxes: str) -> None:
    body = b"".join(b"\0\0\0\x0c" + box.encode().ljust(8) for box in boxes.split())
    assert not is_whole(body)
    assert is_whole(body + b"\0\0\0\x08mdat")
