"""Formats by their first bytes: those that are never opened, and HEIC with its extra and without."""

import io

import numpy as np
import pytest
from PIL import Image

from curate.facts.image_facts import image_facts_of
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from fashion_pggan.images.decode import heif


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
        (b"\xff\x0a\0", "JXL"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "FILM"),
        (b"\0\0\1\0\1\0\x10\x10", "ICO"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\1\0\0\0", ""),
        (b"<html>", ""),
    ],
)
def test_a_file_that_is_never_opened_is_named_as_what_it_is(data, kind):
    facts = image_facts_of(data, max_pixels=1000).row
    assert facts["format"] == kind
    assert facts["failure"] == (Failure.UNSUPPORTED_FORMAT if kind else Failure.NOT_IMAGE)


@pytest.mark.parametrize("brands", [b"heic\0\0\0\0mif1heic", b"mif1\0\0\0\0mif1heic"])
def test_heic_is_named_and_not_opened_without_its_extra(monkeypatch, brands):
    monkeypatch.setattr(heif, "installed", lambda: "")
    facts = image_facts_of(b"\0\0\0\x18ftyp" + brands, max_pixels=1000).row
    assert (facts["format"], facts["failure"]) == ("HEIC", Failure.UNSUPPORTED_FORMAT)


def _heic(image, **options):
    pytest.importorskip("pillow_heif")
    heif.register()
    buffer = io.BytesIO()
    image.save(buffer, "HEIF", quality=95, **options)
    return buffer.getvalue()


def test_heic_is_opened_upright_with_its_extra(make_image):
    image = make_image(240, 160)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    for data, right in (
        (_heic(image), image),
        (_heic(image, exif=exif.tobytes()), image.rotate(-90, expand=True)),
    ):
        opened = open_image(data)
        assert (opened.header.format, opened.header.width, opened.header.animated) == (
            "HEIC",
            right.width,
            False,
        )
        assert np.abs(decode(open_image(data)).pixels.astype(float) - np.asarray(right)).mean() < 6


def test_cut_heic_is_noticed_and_its_second_image_is_no_animation(make_image):
    noise = Image.effect_noise((320, 240), 60).convert("RGB")
    data = _heic(noise)
    half = len(data) // 2
    with pytest.raises(Refused) as cut:
        decode(open_image(data[:half]))
    assert cut.value.failure == Failure.TRUNCATED
    with pytest.raises(Refused) as zeroed:
        decode(open_image(data[:half] + bytes(len(data) - half)))
    assert zeroed.value.failure in (Failure.DECODE_ERROR, Failure.TRUNCATED)
    assert not open_image(_heic(noise, save_all=True, append_images=[make_image()])).header.animated
