"""Images of realistic size and content, and encoded."""

import io
from unittest import mock

import numpy as np
import pytest
from PIL import Image, ImageFile


@pytest.fixture(scope="session")
def photograph(make_images):
    """400 x 400 pixels with structure at all scales."""
    return Image.fromarray(make_images(1, 512, 0)[0]).resize((400, 400), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def product_shot(photograph):
    """A small garment on pure white, white below: its data ends in repetition."""
    shot = Image.new("RGB", (400, 400), "white")
    shot.paste(photograph.resize((120, 120)), (140, 60))
    return shot


@pytest.fixture(scope="session")
def encode():
    def encoded(image, kind="JPEG", **options):
        buffer = io.BytesIO()
        with mock.patch.object(ImageFile, "MAXBLOCK", 2**22):  # JPEGs with codes of their own need it
            image.save(buffer, kind, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture(scope="session")
def pixels_of():
    """What Pillow alone makes of a file."""
    return lambda data: np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
