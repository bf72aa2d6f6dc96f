import pytest
from PIL import Image

from fashion_pggan.images.decode.decoding import seen
from fashion_pggan.images.decode.opening import MOST_PIXELS, opened

KINDS = [
    ("WEBP", {"quality": 75}),
    ("WEBP", {"quality": 100, "method": 0}),
    ("AVIF", {"quality": 75, "speed": 10}),
]


def _seen(data, kind):
    return seen(data, opened(data, (kind,), MOST_PIXELS).image).pixels


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_a_file_of_which_half_is_zeros_is_refused(photograph, encode, kind, options):
    data = encode(photograph, kind, **options)
    assert _seen(data, kind).shape == (400, 400, 3)
    half = len(data) // 2
    for broken in (
        data[:half] + bytes(len(data) - half),
        data[:half] + bytes(len(data) - half - 2) + data[-2:],
    ):
        with pytest.raises(ValueError, match="zeros"):
            _seen(broken, kind)


@pytest.mark.parametrize(("kind", "options"), [*KINDS, ("WEBP", {"lossless": True, "method": 0})], ids=str)
def test_zeros_that_an_encoder_wrote_are_no_damage(product_shot, encode, kind, options):
    exif = Image.Exif()
    exif[0x010E] = "\0" * 900
    for image in (product_shot, Image.new("RGB", (600, 900), "white"), Image.new("RGBA", (300, 300))):
        for more in ({}, {"exif": exif}):
            data = encode(image, kind, **options, **more)
            assert _seen(data, kind).shape == (image.height, image.width, 3)
