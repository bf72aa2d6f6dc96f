"""Whether a generator knows, or may know, images that are held out now."""

import logging
from pathlib import Path

from fashion_pggan.storage.shards import Dataset
from train.saved.snapshot import UNKNOWN, Origin

SEEN = (
    "Its training, or the weights that it began with, were shown images that are held out now: what is "
    "measured on held-out images is too good. Train afresh for a fair measure."
)
MAY_HAVE_SEEN = (
    "Its training, or the weights that it began with, were shown another version of the dataset. Where "
    "images were dropped since, by other parameters or labels, groups of near-duplicates may have moved to "
    "the held-out images: what is measured on these may be too good. Where images were only added, "
    "nearly all keep their side."
)

log = logging.getLogger(__name__)


def knows_held_out(origin: Origin, dataset: Dataset) -> bool:
    """Whether the training behind a snapshot held fewer images out than the dataset does.

    Images are held out by a hash of the name of their group of near-duplicates, so a larger share holds a
    smaller one, as long as the groups keep their names (see `may_know_held_out`). A snapshot
    that does not say what it held out was of a dataset that held out nothing.
    """
    if origin.unseen is None:
        return bool(dataset.held_out_share) and origin.dataset_version != dataset.version
    return origin.unseen < dataset.held_out_share


def may_know_held_out(origin: Origin, dataset: Dataset) -> bool:
    """Whether the training behind a snapshot was shown another version of the dataset.

    A group has the name of one of its files: it has another name, and may be held out, once that file is
    dropped, a smaller one joins, or two groups become one. The shares alone do not tell.
    """
    other = origin.other_dataset or origin.dataset_version not in (dataset.version, UNKNOWN)
    return bool(dataset.held_out_share) and other


def novelty_of(origin: Origin, dataset: Dataset) -> dict[str, bool]:
    """What the measures of a snapshot say of held-out images; nothing where they are new to it."""
    if knows_held_out(origin, dataset):
        return {"knows_held_out": True}
    return {"may_know_held_out": True} if may_know_held_out(origin, dataset) else {}


def tell_seen(snapshot: Path, origin: Origin, dataset: Dataset) -> None:
    """Warn of a snapshot that knows, or may know, held-out images."""
    if knows_held_out(origin, dataset):
        log.warning("%s: %s", snapshot, SEEN)
    elif may_know_held_out(origin, dataset):
        log.warning("%s: %s", snapshot, MAY_HAVE_SEEN)
