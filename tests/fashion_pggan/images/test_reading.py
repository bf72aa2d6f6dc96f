"""Image files as evaluation reads them."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from curate.pixels.decode import decode, open_image
from fashion_pggan.errors import UserError
from fashion_pggan.images.reading import pixels_of


def png(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def odd_files():
    """Files that Pillow's plain conversion to RGB reads as something else."""
    clear = Image.new("RGBA", (32, 32), (200, 30, 30, 0))
    clear.paste((200, 30, 30, 255), (8, 8, 24, 24))
    grey = Image.fromarray(np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32))
    lines = Image.fromarray(np.repeat(np.arange(32, dtype=np.uint8)[:, None] * 8, 32, axis=1))
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "transparent": png(clear),
        "sixteen bits": png(grey),
        "turned": png(lines, exif=exif),
        "palette": png(clear.convert("P"), transparency=0),
        "grey": png(lines),
    }


@pytest.mark.parametrize("kind", list(odd_files()))
def test_odd_files_are_the_same_images_to_evaluation_as_to_curation(kind):
    data = odd_files()[kind]
    np.testing.assert_array_equal(pixels_of(data, kind), decode(open_image(data)).pixels)


def test_transparent_parts_are_white_sixteen_bits_keep_their_greys_and_turned_images_stand_upright():
    found = {kind: pixels_of(data, kind) for kind, data in odd_files().items()}
    assert found["transparent"][0, 0].tolist() == [255, 255, 255]
    assert found["sixteen bits"].mean() == pytest.approx(127.5, abs=1)
    np.testing.assert_array_equal(found["turned"], np.rot90(found["grey"], -1))


def bomb(side):
    """A PNG whose header says that it is large."""
    small = png(Image.new("1", (8, 8)))

    header = small[12:16] + side.to_bytes(4, "big") * 2 + small[24:29]
    return small[:8] + small[8:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (bomb(2**17), "131072 x 131072 px|cannot be read as an image"),
        (b"", "cannot be read as an image"),
        (b"II*\0" + b"\xff" * 40, "cannot be read as an image"),
        (png(Image.new("RGB", (32, 32)))[:60], "cannot be read as an image"),
        (png(Image.new("RGB", (48, 48))), "48 x 48 px, not a power of two: give --size 64"),
        (png(Image.new("RGB", (16, 16))), "16 x 16 px, but others are 32 x 32: give --size, which"),
    ],
)
def test_a_file_that_is_no_fitting_image_is_named_in_one_line(tmp_path, data, says):
    (tmp_path / "odd.png").write_bytes(data)
    with pytest.raises(UserError, match=says) as raised:
        pixels_of((tmp_path / "odd.png").read_bytes(), str(tmp_path / "odd.png"), 32)
    assert str(tmp_path / "odd.png") in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
