import numpy as np
import pytest

from evaluate.report.inline_image import embedded


@pytest.mark.parametrize(("height", "width"), [(32, 64), (400, 2000), (3, 9000)])
def test_an_image_takes_no_more_bytes_than_it_may(height, width):
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = embedded(noise, "noise", most=60_000)
    assert len(image.src) < 60_000 * 4 / 3 + 100
    assert 0 < image.width <= 1600
    assert (image.width, image.height) == (width, height) or width > 1600
