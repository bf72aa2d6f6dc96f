"""How often each label is in a dataset that a training learns labels from."""

import logging

import numpy as np

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import UNLABELLED, Dataset

FEWEST = 2  # labels

log = logging.getLogger(__name__)


def label_shares(dataset: Dataset, params: TrainParams) -> dict[str, float]:
    """The share of each label among the labelled images; empty where the training is without labels."""
    if not params.labels:
        return {}
    counts = np.bincount(dataset.labels[dataset.labels != UNLABELLED], minlength=len(dataset.label_names))
    return dict(zip(dataset.label_names, (counts / max(counts.sum(), 1)).tolist(), strict=True))


def labels_of(dataset: Dataset, params: TrainParams) -> dict[str, float]:
    """As `label_shares`, of a dataset whose labels can be learned.

    Raises:
        UserError: the training wants labels, and the dataset has none to tell apart, or no image of one.
    """
    if not params.labels:
        return {}
    shares = label_shares(dataset, params)
    if len(shares) < FEWEST:
        raise UserError(
            f"train.labels is true, but the dataset has {len(shares)} label{'s' * (len(shares) != 1)}: "
            "add two or more to curate.labels, or set train.labels to false"
        )
    if missing := [name for name, share in shares.items() if not share]:
        raise UserError(
            f"no image that is shown has the label {missing[0]!r} (of {len(shares)}): take it out of "
            "curate.labels, or lower curate.held_out"
        )
    if unlabelled := int((dataset.labels == UNLABELLED).sum()):
        log.warning("%d of %d images have no label: they are learned without one", unlabelled, len(dataset))
    return shares
