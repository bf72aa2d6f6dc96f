"""Which part of a dataset a group of near-duplicates belongs to: its name in; the name of a part out."""

import hashlib
from typing import NamedTuple


class Splits(NamedTuple):
    """Shares of all groups of images; the rest is for training."""

    validation: float
    test: float

    def of(self, group: str) -> str:
        """The split of a group, by its name alone: it stays when the dataset grows."""
        place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64
        if place < self.test:
            return "test"
        return "validation" if place < self.test + self.validation else "train"


SPLITS = Splits(validation=0.1, test=0.1)
