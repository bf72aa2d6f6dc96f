"""Groups of images that show the same, and which part of a dataset a group belongs to."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from curate.copies.groups import best_of_groups
from curate.copies.hash_search import close_pairs
from fashion_pggan.storage.records import CuratedImage

HASHES = ("phash", "phash_mirrored")
NEAR_BITS = 32  # of 256: images this near to each other are in one group, whatever their colours
TEST = "test"  # the split of the images that training never shows


class Splits(NamedTuple):
    """Shares of all groups of images; the rest is for training."""

    validation: float
    test: float

    def of(self, group: str) -> str:
        """The split of a group, by its name alone: it stays when the dataset grows."""
        place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64
        if place < self.test:
            return TEST
        return "validation" if place < self.test + self.validation else "train"


SPLITS = Splits(validation=0.1, test=0.1)


def with_splits(rows: Sequence[CuratedImage], facts: pa.Table, held_out: float) -> list[CuratedImage]:
    """The records with the split of each kept image: a share of the groups is held out of training.

    Without any, they stay as they are.
    """
    if not held_out:
        return list(rows)
    table = facts.select(["sha256", *HASHES]).to_pylist()
    hashes = {each["sha256"]: (each["phash"], each["phash_mirrored"]) for each in table if each["phash"]}
    groups, splits = groups_of(first_files(rows), hashes), Splits(0.0, held_out)
    return [
        row.model_copy(update={"split": splits.of(groups[row.sha256])}) if row.kept else row for row in rows
    ]


def first_files(rows: Iterable[CuratedImage]) -> dict[str, str]:
    """By kept image, the smallest SHA-256 among its own and those of its copies."""
    first: dict[str, str] = {}
    for row in rows:
        if row.kept or row.duplicate_of:
            kept = row.duplicate_of or row.sha256
            first[kept] = min(first.get(kept, row.sha256), row.sha256)
    return first


def groups_of(first: Mapping[str, str], hashes: Mapping[str, tuple[bytes, bytes]]) -> dict[str, str]:
    """The group of each kept image; images in other colours and mirrored ones are in one group.

    A group's name is the smallest SHA-256 of all its files. So a group that gets a file with a smaller one,
    or loses the file that names it, has another name.

    Args:
        first: as `first_files`.
        hashes: by image, its perceptual hash and that of its mirror image; may lack some.
    """
    names = sorted(first, key=lambda name: first[name])
    hashed = [name for name in names if name in hashes]
    groups = dict(first)
    if not hashed:
        return groups
    words = [np.stack([np.frombuffer(hashes[name][which], np.uint64) for name in hashed]) for which in (0, 1)]
    new = np.ones(len(hashed), bool)
    pairs = np.concatenate([close_pairs(words[0], other, new, NEAR_BITS) for other in words])
    for name, best in zip(hashed, best_of_groups(len(hashed), pairs, []), strict=True):
        groups[name] = first[hashed[best]]
    return groups
