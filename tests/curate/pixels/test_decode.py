import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from curate.facts.image_facts import image_facts_of
from curate.pixels.decode import Refused, decode, kind_of, open_image
from curate.pixels.failure import Failure


def _decoded(data):
    return decode(open_image(data))


def _failure(data):
    with pytest.raises(Refused) as refused:
        _decoded(data)
    return refused.value.failure


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"", Failure.EMPTY),
        (b"<!doctype html><title>403</title>", Failure.NOT_IMAGE),
        (b'{"error": "gone"}', Failure.NOT_IMAGE),
        (b"\x1f\x8b\x08\0\0\0", Failure.NOT_IMAGE),
        (b"\r\n\xff\xd8\xff\xe0", Failure.NOT_IMAGE),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', Failure.UNSUPPORTED_FORMAT),
        (b"%PDF-1.7", Failure.UNSUPPORTED_FORMAT),
        (b"%!PS-Adobe-3.0 EPSF-3.0", Failure.UNSUPPORTED_FORMAT),
        (b"8BPS\0\1", Failure.UNSUPPORTED_FORMAT),
        (b"\0\0\0\x0cjP  \r\n\x87\n", Failure.UNSUPPORTED_FORMAT),
        (b"\0\0\0\x0cJXL \r\n\x87\n", Failure.UNSUPPORTED_FORMAT),
        (b"\xff\x0a\0", Failure.UNSUPPORTED_FORMAT),
        (b"\0\0\1\0\1\0\x10\x10", Failure.UNSUPPORTED_FORMAT),
        (b"\x89PNG\r\n\x1a\nnonsense", Failure.TRUNCATED),
    ],
)
def test_what_is_no_image_is_told_by_its_first_bytes(data, failure):
    assert _failure(data) == failure


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "AVIF", "JPEG"])
def test_every_kind_is_read_whatever_its_name_says(make_image, encode, kind):
    image = make_image()
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind in ("JPEG", "AVIF") else {}
    data = encode(image, kind, **options)
    assert kind_of(data) == kind
    difference = np.abs(_decoded(data).pixels.astype(float) - np.asarray(image)).mean()
    assert difference < (0.01 if kind in ("PNG", "BMP", "TIFF", "WEBP") else 6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(make_image, encode, kind, orientation):
    image = make_image()
    stored = image
    for number, back in {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.items():
        if number == orientation:
            stored = image.transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored, kind, exif=exif.tobytes() if kind != "TIFF" else exif, quality=95)
    header = open_image(data).header
    assert (header.width, header.height) == image.size
    assert np.abs(_decoded(data).pixels.astype(float) - np.asarray(image)).mean() < 6


def test_transparent_parts_are_put_on_white(encode):
    pixels = np.zeros((80, 80, 4), dtype=np.uint8)
    pixels[:, 40:] = (10, 20, 30, 255)
    for kind in ("PNG", "WEBP"):
        decoded = _decoded(encode(Image.fromarray(pixels), kind, lossless=True)).pixels
        assert (decoded[:, :40] == 255).all()
        assert (decoded[:, 40:] == (10, 20, 30)).all()


def test_a_transparent_palette_entry_is_put_on_white(encode):
    image = Image.new("P", (80, 80), 0)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(1, (40, 0, 80, 80))
    decoded = _decoded(encode(image, "PNG", transparency=0)).pixels
    assert (decoded[:, :40] == 255).all()
    assert (decoded[:, 40:] == (200, 10, 10)).all()


def test_sixteen_bit_grey_is_scaled_and_not_cut_off(encode):
    values = np.linspace(0, 65535, 80 * 80).reshape(80, 80).astype(np.uint16)
    decoded = _decoded(encode(Image.fromarray(values), "PNG")).pixels
    np.testing.assert_allclose(decoded[..., 0], np.rint(values / 257), atol=1)


def test_one_bit_grey_and_cmyk_become_colours(make_image, encode):
    assert set(np.unique(_decoded(encode(make_image().convert("1"), "PNG")).pixels)) <= {0, 255}
    cmyk = _decoded(encode(make_image().convert("CMYK"), "JPEG", quality=95)).pixels
    assert cmyk.shape == (90, 120, 3)


def test_a_colour_profile_is_applied(make_image, encode):
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    image = make_image()
    plain = _decoded(encode(image, "PNG"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = _decoded(encode(image, "PNG", icc_profile=srgb))
    assert not plain.profile_ignored
    assert not same.profile_ignored
    assert np.abs(same.pixels.astype(int) - plain.pixels).max() <= 2
    other = _decoded(encode(image, "PNG", icc_profile=lab_like.tobytes()))
    assert other.profile_ignored or np.abs(other.pixels.astype(int) - plain.pixels).mean() > 1


def test_a_broken_profile_is_ignored_and_said_so(make_image, encode):
    decoded = _decoded(encode(make_image(), "PNG", icc_profile=b"garbage" * 30))
    assert decoded.profile_ignored
    np.testing.assert_array_equal(decoded.pixels, np.asarray(make_image()))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_films_are_told_from_their_header(make_image, encode, kind):
    frames = [make_image(seed=seed) for seed in range(3)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    assert open_image(data).header.animated
    assert not open_image(encode(frames[0], kind)).header.animated


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_ends_too_early_is_never_an_image(make_image, encode, kind, share):
    random = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = encode(Image.fromarray(random), kind)
    assert _failure(data[: int(len(data) * share)]) in (Failure.TRUNCATED, Failure.DECODE_ERROR)


def test_a_progressive_jpeg_that_ends_too_early_is_no_blurred_image(encode):
    random = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = encode(Image.fromarray(random), "JPEG", progressive=True)
    assert _failure(data[: len(data) // 2]) == Failure.TRUNCATED


@pytest.mark.parametrize("options", [{}, {"quality": 30}, {"subsampling": 0}])
def test_a_progressive_jpeg_without_its_last_scans_is_refused(make_image, encode, options):
    data = encode(make_image(200, 160), "JPEG", progressive=True, **options)
    scans = [place for place in range(len(data)) if data[place : place + 2] == b"\xff\xda"]
    assert len(scans) > 3
    assert _decoded(data).pixels.shape == (160, 200, 3)
    for start in scans[1:]:
        for end in (b"", b"\xff\xd9"):
            assert _failure(data[:start] + end) == Failure.TRUNCATED


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_junk_before_a_restart_marker_hides_no_missing_part(make_image, encode, share):
    data = encode(make_image(320, 240), "JPEG", quality=90, restart_marker_rows=2)
    third = data.index(b"\xff\xd2")
    broken = data[:third] + bytes(5) + data[third:]
    cut = broken[: round(share * len(broken))]
    for file in (broken, cut, cut + b"\xff\xd9"):
        assert _failure(file) in (Failure.DECODE_ERROR, Failure.TRUNCATED)


def test_avif_by_another_major_brand_is_read(make_image, encode):
    data = encode(make_image(64, 48), "AVIF")
    other = data[:8] + b"mif1" + data[12:]
    assert b"avif" in other[12:40]
    assert _decoded(other).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_values_of_32_bits_are_refused_for_nobody_says_what_is_white(encode, kind):
    image = Image.fromarray(np.linspace(0, 1, 400).reshape(20, 20).astype(kind))
    assert _failure(encode(image, "TIFF")) == Failure.DECODE_ERROR


def _png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def test_a_bomb_is_refused_by_its_header(params):
    data = _png_header(60_000, 60_000) + struct.pack(">I", 4) + b"IDATxxxx"
    facts = image_facts_of(data, max_pixels=params.max_pixels)
    assert facts.row["failure"] == Failure.TOO_MANY_PIXELS
    assert (facts.header.width, facts.view) == (60_000, None)


def test_a_jpeg_whose_scan_breaks_off_inside_is_not_made_grey(encode):
    """Its end marker is there: only the decoder's own warning tells."""
    random = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = encode(Image.fromarray(random), "JPEG")
    assert _failure(data[: len(data) // 2] + b"\xff\xd9") in (Failure.TRUNCATED, Failure.DECODE_ERROR)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_only_its_end_marker_is_mended(make_image, encode, progressive):
    data = encode(make_image(), "JPEG", progressive=progressive)
    np.testing.assert_array_equal(_decoded(data[:-2]).pixels, _decoded(data).pixels)


@pytest.mark.parametrize("options", [{}, {"quality": 30}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_has_the_pixels_that_pillow_gives_it(make_image, encode, mode, options):
    data = encode(make_image(123, 77).convert(mode), "JPEG", **options)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(_decoded(data).pixels, np.asarray(image.convert("RGB")))


def test_the_quality_of_a_jpeg_is_estimated_and_sizes_are_kept_as_stored(make_image, encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    for quality in (30, 50, 75, 90, 95):
        header = open_image(encode(make_image(), "JPEG", quality=quality, exif=exif)).header
        assert abs(header.jpeg_quality - quality) <= 1
        assert (header.stored_width, header.stored_height) == (header.height, header.width) == (120, 90)
    assert open_image(encode(make_image(), "PNG")).header.jpeg_quality is None


@pytest.fixture(scope="module")
def whole_files(make_image, encode):
    """A small image in every format."""
    return [
        encode(make_image(40, 40), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
    ]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_files_are_images_or_refused_and_nothing_else(whole_files, data):
    content = bytearray(data.draw(st.sampled_from(whole_files)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content))) :]
    with contextlib.suppress(Refused):
        opened = open_image(bytes(content))
        if opened.header.width * opened.header.height < 1_000_000:
            pixels = decode(opened).pixels
            assert pixels.dtype == np.uint8
            assert pixels.ndim == 3


def test_one_flipped_bit_in_a_png_is_noticed(make_image, encode):
    data = bytearray(encode(make_image(), "PNG"))
    data[len(data) // 2] ^= 4
    assert _failure(bytes(data)) in (Failure.DECODE_ERROR, Failure.TRUNCATED)
