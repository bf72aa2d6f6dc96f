import logging

import pytest

from fashion_pggan.errors import UserError
from train.limits.dataset_size import check_images


@pytest.fixture
def said(caplog, params):
    """What is said of a dataset with so many images: minibatches of 8, evaluated with 16 per set."""

    def check(count: int) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            check_images(count, params, 16)
        return caplog.messages

    return check


@pytest.mark.parametrize(("count", "says"), [(1, "1 image, and"), (2, "2 images, and"), (3, "3 images, and")])
def test_one_to_three_images_are_refused(said, count, says):
    with pytest.raises(UserError, match=f"the dataset has {says} training needs 4 or more: add images"):
        said(count)


def test_images_that_are_held_out_are_told_where_too_few_are_left(params):
    with pytest.raises(
        UserError, match=r"1 image besides those held out by curate.held_out 0.9, and training needs 4"
    ):
        check_images(1, params, held_out=0.9)


def test_fewer_images_than_a_minibatch_or_two_sets_are_told_with_both_numbers(said):
    minibatch, sets = said(4)
    assert "4 images, fewer than the minibatch of 8" in minibatch
    assert "4 images, and evaluate.images 16 needs 32" in sets
    assert [message for message in said(7) if "minibatch" in message]
    assert not [message for message in said(8) if "minibatch" in message]
    assert len(said(31)) == 1
    assert said(32) == []
