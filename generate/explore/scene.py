"""The explorer's content: images of places in the latent space, and their nearest training images."""

from functools import lru_cache
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import png_of
from fashion_pggan.params import LARGEST_INDEX
from fashion_pggan.storage.shards import Images
from generate.checks.neighbours import Training
from generate.sampling.latents import directions_of
from generate.sampling.recipe import Place, Recipe, facts_of
from generate.sampling.sampler import Sampler

NEIGHBOURS = 6
SLIDERS = 6  # of the principal directions
REACH = 1.0  # of a slider; see Directions.moved
CACHED = 512  # images


class Scene:
    """A snapshot and its training images.

    Args:
        sampler: the snapshot.
        training: None if the dataset is not available.
        why: the reason, if it is not available.
    """

    def __init__(self, sampler: Sampler, training: Training | None, why: str = "") -> None:
        self.sampler, self.training, self.why = sampler, training, why
        self.image = lru_cache(CACHED)(self._image)

    def about(self) -> dict[str, Any]:
        """What the page needs at its start."""
        shares = directions_of(self.sampler.generator).shares[:SLIDERS]
        return {
            **facts_of(self.sampler),
            "resolution": self.sampler.resolution,
            "latent_size": self.sampler.latent_size,
            "labels": [*self.sampler.origin.labels],
            "directions": [round(share, 4) for share in shares],
            "reach": REACH,
            "largest": LARGEST_INDEX,
            "training": self.training.count if self.training else None,
            "why_no_training": self.why,
        }

    def recipe(self, place: Place) -> Recipe:
        """The recipe of a place."""
        return Recipe.of(place, self.sampler)

    def png(self, text: str) -> bytes:
        """The PNG of a place, given as JSON, with its recipe inside."""
        return self.recipe(Place.model_validate_json(text)).png(self.image(text))

    def near(self, text: str) -> list[dict[str, Any]]:
        """The nearest training images of a place, given as JSON, nearest first.

        Raises:
            UserError: the training dataset is not available.
        """
        if self.training is None:
            raise UserError(self.why)
        found = self.training.nearest(self.image(text), NEIGHBOURS)
        return [
            {
                "index": one.index,
                "number": self.training.numbers[one.index],
                "mirrored": one.mirrored,
                "distance": round(one.distance, 2),
            }
            for one in found
        ]

    def training_png(self, index: int) -> bytes:
        """A training image as PNG.

        Raises:
            UserError: there is no training image of this index.
        """
        if self.training is None or not 0 <= index < self.training.count:
            raise UserError(f"no training image {index}: give an index that the page shows")
        return png_of(self.training.image(index))

    def _image(self, text: str) -> Images:
        return Place.model_validate_json(text).image(self.sampler)
