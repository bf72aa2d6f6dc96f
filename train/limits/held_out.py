"""Leaves the held-out images out of a training."""

import logging

import numpy as np

from fashion_pggan.storage.shards import Dataset, Part

log = logging.getLogger(__name__)


def shown(dataset: Dataset, held_out: float) -> Dataset:
    """The images that training may show: those that are not held out."""
    if not held_out:
        return dataset
    kept = np.flatnonzero(~dataset.held_out(held_out))
    left_out = len(dataset) - len(kept)
    log.info("%d of %d images are held out (train.held_out)", left_out, len(dataset))
    if not left_out:
        log.warning(
            "train.held_out %g holds none of %d images out, so that no model can be compared on them "
            "(evaluate keep): raise it before the training",
            held_out,
            len(dataset),
        )
    return Part(dataset, kept)
