"""Checks that a dataset has enough images to train on and to be measured against."""

import logging

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams

FEWEST = 4  # images: two halves of two, which the evaluation can compare

log = logging.getLogger(__name__)


def check_images(count: int, params: TrainParams, measured: int = 0, held_out: float = 0.0) -> None:
    """Refuse a dataset that is too small to learn from, and warn of a small one.

    Args:
        count: images in it.
        params: the train section.
        measured: images per set of the evaluation; 0: not known.
        held_out: share that curation holds out, for the error.

    Raises:
        UserError: there are fewer than four.
    """
    if count < FEWEST:
        left = f" besides those held out by curate.held_out {held_out:g}" if held_out else ""
        raise UserError(
            f"the dataset has {count} image{'s' * (count != 1)}{left}, and training needs {FEWEST} or more: "
            "add images, lower curate.held_out, or drop fewer (reports/curate.json says why curate did)"
        )
    largest = max([params.minibatch_base, *params.minibatch.values()])
    if count < largest:
        log.warning(
            "the dataset has %d images, fewer than the minibatch of %d: a step shows some more than once",
            count,
            largest,
        )
    if count < 2 * measured:
        log.warning(
            "the dataset has %d images, and evaluate.images %d needs %d for both halves of the real images: "
            "distances will be of fewer, or without a floor",
            count,
            measured,
            2 * measured,
        )
