import pytest
import torch

from train.step.augment import CUT, DRAWS, augmented

NEUTRAL = torch.tensor(
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
)  # brightness, saturation, contrast, shifts, places
IMAGES = torch.linspace(-1, 1, 2 * 3 * 16 * 16).view(2, 3, 16, 16)


def _with(**draws):
    names = ("brightness", "saturation", "contrast", "right", "down", "left", "top")
    row = NEUTRAL.clone()
    for name, value in draws.items():
        row[names.index(name)] = value
    return augmented(IMAGES, row.expand(2, DRAWS))


def _outside(x):
    """Where the square in the middle is not cut out."""
    edge = round(16 * (1 - CUT) / 2)
    return torch.cat([x[..., :edge, :], x[..., -edge:, :]], dim=2)


def test_draws_in_the_middle_change_nothing_but_the_square_that_is_cut_out():
    result = _with()
    torch.testing.assert_close(_outside(result), _outside(IMAGES))
    assert (result[:, :, 4:12, 4:12] == 0).all()
    assert (result == 0).sum() == pytest.approx(2 * 3 * 64, abs=2)


@pytest.mark.parametrize(("draw", "added"), [(0.0, -0.5), (0.75, 0.25)])
def test_brightness_is_added(draw, added):
    torch.testing.assert_close(_outside(_with(brightness=draw)), _outside(IMAGES) + added)


def test_saturation_goes_from_grey_to_double():
    grey = _outside(_with(saturation=0.0))
    torch.testing.assert_close(grey, _outside(IMAGES.mean(1, keepdim=True)).expand_as(grey))
    double = _outside(_with(saturation=0.999999))
    torch.testing.assert_close(double - grey, 2 * (_outside(IMAGES) - grey), rtol=1e-4, atol=1e-4)


def test_contrast_goes_from_half_to_one_and_a_half():
    level = IMAGES.mean((1, 2, 3), keepdim=True)
    for draw, factor in ((0.0, 0.5), (0.5, 1.0)):
        torch.testing.assert_close(
            _outside(_with(contrast=draw)),
            _outside(level + factor * (IMAGES - level)),
            rtol=1e-4,
            atol=1e-5,
        )


def test_images_move_by_up_to_an_eighth_and_leave_grey_behind():
    moved = _with(right=0.999, down=0.0, left=0.0, top=0.0)  # the square is cut from the upper left corner
    torch.testing.assert_close(moved[..., 6:14, 2:], IMAGES[..., 8:, :-2])
    assert (moved[..., :2] == 0).all()
    assert (moved[..., 14:, :] == 0).all()


def test_an_image_depends_on_its_own_draws_alone():
    draws = torch.rand(2, DRAWS)
    both = augmented(IMAGES, draws)
    torch.testing.assert_close(augmented(IMAGES[1:], draws[1:]), both[1:])


def test_gradients_flow_through():
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    draws = torch.rand(2, DRAWS, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: augmented(x, draws), images)
