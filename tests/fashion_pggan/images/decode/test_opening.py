import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from fashion_pggan.images.decode.decoding import seen
from fashion_pggan.images.decode.opening import MOST_PIXELS, TooManyPixels, opened, orientation_of
from tests.fashion_pggan.images.png_chunks import chunk

KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
ORIENTATION = 0x0112


def _tall_png():
    """A few kilobytes that unpack to 96 x 40,000,000 pixels."""
    packer = zlib.compressobj(9)
    lines = [packer.compress(bytes(13 * 1000)) for _ in range(400)]
    body = b"".join(lines) + packer.flush()
    header = struct.pack(">IIBBBBB", 96, 40_000_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_decoded_before_the_limit(photograph, encode, monkeypatch, kind):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encode(photograph, kind, **({} if kind in ("GIF", "BMP") else {"exif": exif}))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("it was decoded"))
    monkeypatch.setattr("PIL.Image.Image.load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(TooManyPixels) as many:
        opened(data, (kind,), 400 * 400 - 1)
    assert (many.value.width, many.value.height) == (400, 400)
    assert opened(data, (kind,), 400 * 400).width == 400


def test_a_few_kilobytes_that_unpack_to_gigabytes_cost_nothing():
    data = _tall_png()
    tracemalloc.start()
    with pytest.raises(TooManyPixels):
        opened(data, ("PNG",), MOST_PIXELS)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_image_is_kept_whatever_is_broken_in_its_exif(photograph, encode, kind):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "maker"
    small = photograph.crop((0, 0, 64, 48))
    options = {"lossless": True} if kind == "WEBP" else {}
    whole = encode(small, kind, exif=exif.tobytes(), **options)
    at = whole.index(b"maker") - 26  # AVIF leaves out the orientation, which it says elsewhere
    random = np.random.default_rng(0)
    for _ in range(25):
        broken = bytearray(whole[at : at + 32])
        for place in random.integers(len(broken), size=4):
            broken[place] = random.integers(256)
        data = whole[:at] + broken + whole[at + len(broken) :]
        frame = opened(data, (kind,), MOST_PIXELS)
        upright = seen(data, frame.image).pixels
        assert upright.shape == (frame.height, frame.width, 3)
        assert upright.size == np.asarray(small).size


@pytest.mark.parametrize("marker", [0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"JFIF\0",
        b"Exif\0\0",
        b"ICC_PROFILE\0",
        b"MPF\0II*\0",
        b"Photoshop 3.0\0" + b"8BIM" * 9,
        b"Adobe",
    ],
)
def test_a_jpeg_is_kept_whatever_is_broken_in_its_metadata(photograph, encode, marker, body):
    data = encode(photograph.convert("L"))
    for content in (body, body + b"\xff" * 40, body + bytes(40)):
        segment = bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content
        odd = data[:2] + segment + data[2:]
        frame = opened(odd, ("JPEG",), MOST_PIXELS)
        with Image.open(io.BytesIO(data)) as image:
            np.testing.assert_array_equal(seen(odd, frame.image).pixels[..., 0], np.asarray(image))


def test_an_orientation_that_does_not_exist_turns_nothing(photograph, encode):
    exif = Image.Exif()
    exif[ORIENTATION] = 77
    data = encode(photograph, "PNG", exif=exif)
    frame = opened(data, ("PNG",), MOST_PIXELS)
    assert orientation_of(frame.image) == 77
    np.testing.assert_array_equal(seen(data, frame.image).pixels, np.asarray(photograph))
