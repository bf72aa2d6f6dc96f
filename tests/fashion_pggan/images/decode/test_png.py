import zlib

import numpy as np
import pytest

from fashion_pggan.images.decode.decoding import seen
from fashion_pggan.images.decode.opening import MOST_PIXELS, opened, orientation_of
from fashion_pggan.images.decode.png import exif_of, whole_png
from tests.fashion_pggan.images.png_chunks import chunk


def _seen(data):
    return seen(data, opened(data, ("PNG",), MOST_PIXELS).image).pixels


@pytest.fixture(scope="module")
def png(photograph, encode):
    return encode(photograph, "PNG")


def test_damage_that_pixels_do_not_depend_on_leaves_the_image(png, photograph):
    note = bytearray(chunk(b"tEXt", b"Comment\0" + b"hello" * 9))
    note[20] ^= 1
    for place in (33, len(png) - 12):  # behind the header, before the end
        np.testing.assert_array_equal(_seen(png[:place] + note + png[place:]), np.asarray(photograph))
    huge = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000)))
    for place in (33, len(png) - 12):
        np.testing.assert_array_equal(_seen(png[:place] + huge + png[place:]), np.asarray(photograph))
    np.testing.assert_array_equal(_seen(png + b"behind the end"), np.asarray(photograph))


@pytest.mark.parametrize("place", [20, 60, -20, -6])
def test_damage_to_a_chunk_that_pixels_need_is_refused(png, place):
    broken = bytearray(png)
    broken[place] ^= 16
    with pytest.raises(ValueError, match=r"checksum|truncated"):
        whole_png(bytes(broken))


def test_missing_data_is_refused(png):
    half = len(png) // 2
    for broken in (png[:half], png[:half] + bytes(len(png) - half), png[:-12], png[:half] + png[half + 99 :]):
        with pytest.raises(ValueError, match=r"checksum|truncated"):
            whole_png(broken)
    data = png.index(b"IDAT") - 4
    length = int.from_bytes(png[data : data + 4], "big") + 12
    with pytest.raises(OSError, match=r"truncated|broken"):
        _seen(png[:data] + chunk(b"IDAT", png[data + 8 : data + length // 2]) + chunk(b"IEND", b""))


def test_the_orientation_is_read_wherever_it_stands_without_decoding(photograph, encode):
    exif = b"II*\0\x08\0\0\0\x01\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
    png = encode(photograph.crop((0, 0, 400, 300)), "PNG")
    for place in (33, len(png) - 12):
        frame = opened(png[:place] + chunk(b"eXIf", exif) + png[place:], ("PNG",), MOST_PIXELS)
        assert orientation_of(frame.image) == 6
        assert (frame.width, frame.height) == (300, 400)
        assert frame.image._im is None
    assert exif_of(png) == b""
