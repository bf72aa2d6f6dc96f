"""Whole images by their ends."""

import io

import pytest
from PIL import Image

from crawler.answer.whole import is_whole


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
    assert not is_whole(body[: len(body) // 2])


@pytest.mark.parametrize("body", [b"", b"<html>", b"BM", b"RIFF", b"\0\0\0\0ftypavif", b"\0\0\0\x08ftyp"[:7]])
def test_what_is_no_image_is_not_whole(body: bytes) -> None:
    assert not is_whole(body)


def test_padding_behind_an_image_is_not_its_end() -> None:
    assert is_whole(b"\xff\xd8\xff \xff\xd9\r\n\0\0")
