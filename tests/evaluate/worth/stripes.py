"""A toy of two labels, lying and standing stripes, and generators of it that obey the label or ignore it."""

from types import SimpleNamespace

import numpy as np

LABELS = ("lying", "standing")
SIDE = 16  # pixels


def stripes(label: str, random: np.random.Generator) -> np.ndarray:
    """One image (16, 16, 3) of a random colour, phase and noise."""
    waves = 90 * np.sin(np.arange(SIDE) * 1.6 + random.uniform(0, 6.3))
    plane = np.broadcast_to(waves if label == "standing" else waves[:, None], (SIDE, SIDE))
    colour = random.uniform(90, 160, 3)
    return (plane[:, :, None] + colour + random.normal(0, 8, (SIDE, SIDE, 3))).clip(0, 255).astype(np.uint8)


class StripeSampler:
    """What the trials need of a snapshot."""

    def __init__(self, *, obeys: bool, label: str = "") -> None:
        self.obeys, self.one = obeys, label
        self.resolution, self.sha256 = SIDE, f"obeys {obeys}"
        self.origin = SimpleNamespace(labels=dict.fromkeys(LABELS, 0.5))

    def of_label(self, label):
        return StripeSampler(obeys=self.obeys, label=label)

    def images(self, seed, indices):
        return np.stack([self._image(np.random.default_rng([seed, index])) for index in indices])

    def _image(self, random):
        drawn = LABELS[random.integers(2)]
        return stripes(self.one if self.obeys else drawn, random)
