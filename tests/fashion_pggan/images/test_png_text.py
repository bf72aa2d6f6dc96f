"""Texts in PNG files are found without a look at the pixels, and are as long as allowed at most."""

import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fashion_pggan.images.png_text import text_of
from tests.fashion_pggan.images.png_chunks import chunk

KEY = "fashion_pggan"


def png(*chunks, side=2**31 - 1):
    """A PNG of a giant size, which holds no pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks)


TEXTS = {
    "tEXt": chunk(b"tEXt", b"fashion_pggan\0{}"),
    "zTXt": chunk(b"zTXt", b"fashion_pggan\0\0" + zlib.compress(b"{}")),
    "iTXt": chunk(b"iTXt", b"fashion_pggan\0\0\0ko\0\0{}"),
    "packed iTXt": chunk(b"iTXt", b"fashion_pggan\0\1\0\0\0" + zlib.compress(b"{}")),
}


@pytest.mark.parametrize("kind", list(TEXTS))
def test_a_text_is_found_whatever_the_size_of_the_image(kind):
    assert text_of(png(TEXTS[kind]), KEY, 2) == "{}"
    assert text_of(png(chunk(b"IDAT", b"x"), TEXTS[kind], chunk(b"IEND", b"")), KEY, 2) == "{}"


def test_a_text_that_pillow_wrote_is_read(tmp_path):
    info = PngInfo()
    info.add_itxt(KEY, "티셔츠", zip=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=info)
    assert text_of((tmp_path / "a.png").read_bytes(), KEY, 100) == "티셔츠"


PACKED = zlib.compress(bytes(64 << 20))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (png(chunk(b"zTXt", b"fashion_pggan\0\0" + PACKED)), "longer than 1,000 bytes"),
        (png(chunk(b"iTXt", b"fashion_pggan\0\1\0\0\0" + PACKED)), "longer than 1,000 bytes"),
        (png(chunk(b"tEXt", b"fashion_pggan\0" + b"x" * 1001)), "longer than 1,000 bytes"),
        (png(chunk(b"zTXt", b"fashion_pggan\0\0garbage")), "cannot be unpacked"),
        (png(chunk(b"iTXt", b"fashion_pggan\0\0\0\0\0\xff")), "decode"),
        (png(chunk(b"tEXt", b"fashion_pggan2\0{}")), "no text 'fashion_pggan' in it"),
        (png()[:57], "no text"),
        (png(TEXTS["tEXt"])[:-5], "no text"),
        (b"no image", "no PNG file"),
        (b"", "no PNG file"),
    ],
)
def test_what_is_no_such_text_is_a_value_error(data, says):
    with pytest.raises(ValueError, match=says):
        text_of(data, KEY, 1000)
