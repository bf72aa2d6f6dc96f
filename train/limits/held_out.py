"""Leaves the held-out images out of a training."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from fashion_pggan.storage.shards import Dataset
from train.lineage.about import OTHER_DATASET, UNSEEN
from train.lineage.chosen_images import Part

log = logging.getLogger(__name__)


def shown(dataset: Dataset) -> Dataset:
    """The images that training may show: those that curation does not hold out (curate.held_out)."""
    share = dataset.held_out_share
    if not share:
        return dataset
    part = Part(dataset, np.flatnonzero(~dataset.held_out))
    left_out = len(dataset) - len(part)
    log.info("%d of %d images are held out (curate.held_out)", left_out, len(dataset))
    if not left_out:
        log.warning(
            "curate.held_out %g holds none of %d images out, so that no model can be compared on them "
            "(evaluate keep): raise it before the training",
            share,
            len(dataset),
        )
    return part


def tell_seen(dataset: Dataset, facts: Mapping[str, Any]) -> None:
    """Say that a run knows, or may know, images that are held out now.

    Args:
        dataset: what is shown.
        facts: of the run: the share that neither it nor its start was shown, and whether of another dataset.
    """
    unseen = facts[UNSEEN]
    if unseen < dataset.held_out_share:
        log.warning(
            "the run or the weights that this training goes on from held out %g of the images, and "
            "curate.held_out is %g: they were shown images that are held out now, so what is measured on "
            "these will be too good (the report says so); train afresh, without train.resume and "
            "train.start_from, for a fair measure",
            unseen,
            dataset.held_out_share,
        )
    elif dataset.held_out_share and facts.get(OTHER_DATASET):
        log.warning(
            "the run or the weights that this training goes on from were shown another version of the "
            "dataset: where curation has dropped images since, some that are held out now may have been "
            "shown (the report says so); where it only added images, nearly all keep their side of the split"
        )
