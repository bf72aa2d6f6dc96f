import numpy as np
import pytest
import torch

from evaluate.measures.ms_ssim import WEIGHTS, ms_ssim, variation
from fashion_pggan.distance.work import Work
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)


def test_an_image_is_wholly_similar_to_itself():
    images = torch.rand(3, 3, 64, 64) * 255
    torch.testing.assert_close(ms_ssim(images, images), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("resolution", [16, 32, 256])
def test_flat_images_differ_by_their_brightness_alone_in_the_last_scale(resolution):
    one, other = (torch.full((1, 3, resolution, resolution), value) for value in (50.0, 200.0))
    stable = (0.01 * 255) ** 2
    luma = (2 * 50 * 200 + stable) / (50**2 + 200**2 + stable)
    assert ms_ssim(one, other).item() == pytest.approx(luma ** WEIGHTS[-1], rel=1e-9)


def _plain_ms_ssim(one, other):
    """Written with loops over windows, from the formulas."""
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        size = min(11, one.shape[0])
        places = np.arange(size) - (size - 1) / 2
        taps = np.exp(-(places**2) / (2 * (1.5 * size / 11) ** 2))
        window = np.outer(taps, taps) / taps.sum() ** 2
        wholes, contrasts = [], []
        for top in range(one.shape[0] - size + 1):
            for left in range(one.shape[1] - size + 1):
                for channel in range(3):
                    a, b = (each[top : top + size, left : left + size, channel] for each in (one, other))
                    mean_a, mean_b = (window * a).sum(), (window * b).sum()
                    spread = (window * (a - mean_a) ** 2).sum() + (window * (b - mean_b) ** 2).sum()
                    shared = (window * (a - mean_a) * (b - mean_b)).sum()
                    contrast = (2 * shared + 7.65**2) / (spread + 7.65**2)
                    luma = (2 * mean_a * mean_b + 2.55**2) / (mean_a**2 + mean_b**2 + 2.55**2)
                    contrasts.append(contrast)
                    wholes.append(luma * contrast)
        result *= max(np.mean(wholes if scale == 4 else contrasts), 0) ** weight
        half = one.shape[0] // 2
        one, other = (each.reshape(half, 2, half, 2, 3).mean(axis=(1, 3)) for each in (one, other))
    return result


def test_similarity_is_that_of_the_formulas(make_images):
    one, other = (make_images(1, 32, seed)[0].astype(float) for seed in (1, 2))
    other = 0.7 * one + 0.3 * other
    planes = [torch.from_numpy(each).permute(2, 0, 1)[None] for each in (one, other)]
    assert ms_ssim(*planes).item() == pytest.approx(_plain_ms_ssim(one, other), rel=1e-9)


def test_pairs_are_neighbours_and_no_image_is_in_two(make_images):
    images = make_images(9, 32, 1)
    found = variation(set_of(images), 2, WORK, lambda _: None)
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    each = ms_ssim(planes[0:8:2], planes[1:8:2])
    assert found.pairs == 4
    assert found.similarity.value == pytest.approx(each.mean().item())
    assert found.similarity.error == pytest.approx(each.std().item() / 2)
    with pytest.raises(ValueError, match="1 images of 32 px have no similarity"):
        variation(set_of(images[:1]), 2, WORK, lambda _: None)
