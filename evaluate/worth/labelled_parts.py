"""The labelled images of a dataset in two parts: one to train on, and one that nothing is trained on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fashion_pggan.distance.descriptors import Indices
from fashion_pggan.storage.shards import Dataset


@dataclass(frozen=True)
class Parts:
    """The images of each label, by index in the dataset and in a seeded order.

    Labels are in the dataset's order; each has enough images in both parts.
    """

    training: Mapping[str, Indices]
    held_out: Mapping[str, Indices]
    left_out: Mapping[str, tuple[int, int]]  # labels with too few images: how many in either part

    @classmethod
    def of(cls, dataset: Dataset, seed: int, fewest: int, most: int) -> "Parts":
        """Part the images.

        Args:
            dataset: with labels, and images that curation holds out of training.
            seed: of the order.
            fewest: images of a label in either part; a label with fewer is left out.
            most: images for training; of more, each label keeps its share.
        """
        outside = dataset.held_out
        order = np.random.default_rng([seed, *b"labels"]).permutation(len(dataset))
        training, test, left_out = {}, {}, {}
        for place, label in enumerate(dataset.label_names):
            mine = order[dataset.labels[order] == place]
            shown, hidden = mine[~outside[mine]], mine[outside[mine]]
            if min(len(shown), len(hidden)) < fewest:
                left_out[label] = (len(shown), len(hidden))
            else:
                training[label], test[label] = shown, hidden
        total = sum(map(len, training.values()))
        if total > most:
            training = {label: mine[: max(1, len(mine) * most // total)] for label, mine in training.items()}
        return cls(training, test, left_out)

    @property
    def labels(self) -> list[str]:
        """The labels that a classifier is to tell."""
        return list(self.training)

    @property
    def identity(self) -> str:
        """A hash of which images are where."""
        held = (*self.training.items(), *self.held_out.items())
        text = b"".join(label.encode() + b"\0" + mine.astype("<i8").tobytes() for label, mine in held)
        return hashlib.sha256(text).hexdigest()[:16]

    def known_to(self, labels: Mapping[str, float]) -> "Parts":
        """The same without the labels that a snapshot does not know."""
        known = [label for label in self.labels if labels.get(label, 0) > 0]
        unknown = {
            label: (len(self.training[label]), len(self.held_out[label]))
            for label in self.labels
            if label not in known
        }
        return Parts(
            {label: self.training[label] for label in known},
            {label: self.held_out[label] for label in known},
            {**self.left_out, **unknown},
        )

    def said_left_out(self) -> list[str]:
        """The labels that are left out, with the numbers of their images."""
        return [
            f"{label}: {shown:,} for training, {hidden:,} held out"
            for label, (shown, hidden) in self.left_out.items()
        ]

    def share(self, share: float, seed: int) -> dict[str, Indices]:
        """A random share of each label's images for training, one at least; a smaller share lies within."""
        random = np.random.default_rng([seed, *b"share"])
        return {
            label: random.permutation(mine)[: max(1, round(share * len(mine)))]
            for label, mine in self.training.items()
        }
