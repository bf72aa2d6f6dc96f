"""Whether a generator knows images that are held out now: of a run that began with fewer held out."""

import logging
from pathlib import Path

from fashion_pggan.storage.shards import Dataset
from train.saved.snapshot import Origin

SEEN = (
    "Its training, or the weights that it began with, were shown images that are held out now: what is "
    "measured on held-out images is too good. Train afresh for a fair measure."
)

log = logging.getLogger(__name__)


def knows_held_out(origin: Origin, dataset: Dataset) -> bool:
    """Whether the training behind a snapshot held fewer images out than the dataset does.

    Images are held out by a hash of their group of near-duplicates, so a larger share holds a smaller one,
    in every dataset. A snapshot that does not say what it held out was of a dataset that held out nothing.
    """
    if origin.unseen is None:
        return bool(dataset.held_out_share) and origin.dataset_version != dataset.version
    return origin.unseen < dataset.held_out_share


def tell_seen(snapshot: Path, origin: Origin, dataset: Dataset) -> None:
    """Warn of a snapshot that knows held-out images."""
    if knows_held_out(origin, dataset):
        log.warning("%s: %s", snapshot, SEEN)
