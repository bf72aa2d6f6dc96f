"""Section `evaluate` of params.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fashion_pggan.params.section import Images, Kimg, LocalPath, Pixels, Resolution, Section, Unit
from fashion_pggan.storage.shards import levels_up_to


class EvaluateParams(Section):
    """The sliced Wasserstein distance, and what is measured beside it."""

    images: Images = Field(gt=0, description="per set; fewer when the dataset is smaller")
    seed: int = Field(ge=0, description="of the patches and directions")
    patches_per_image: Annotated[int, Unit("patches")] = Field(
        gt=0, description="descriptors from each image and level"
    )
    patch_side: Pixels = Field(gt=0, le=15, multiple_of=1, description="of a descriptor, odd")
    repeats: int = Field(gt=0, description="sets of random directions")
    directions: int = Field(gt=0, description="random directions per repeat")
    replicates: int = Field(
        ge=0, description="half-samples of the images for the 95 % interval; 0: no interval"
    )
    replicate_directions: int = Field(gt=0, description="directions in which half-samples are measured")
    smallest_level: Resolution = Field(description="of the pyramid")
    minibatch: Images = Field(gt=0, description="held at once")
    variation_pairs: Annotated[int, Unit("pairs")] = Field(
        ge=0, description="of the best snapshot and of the real images, for MS-SSIM; 0: none"
    )
    copies_images: Images = Field(gt=0, description="of the best snapshot, compared with all training images")
    feature_network: LocalPath = Field(
        description="a weights file of your own (.onnx, .pt2, .pt) for FID, KID, precision, recall, density "
        "and coverage; empty: none"
    )
    feature_side: Pixels = Field(ge=0, description="of that network's images; 0: as they come")
    feature_pixels: Literal["0..255", "0..1", "-1..1"] = Field(description="range of its pixel values")
    feature_neighbours: int = Field(
        gt=0, description="neighbours that make a neighbourhood, for precision, recall, density and coverage"
    )
    classifier_seeds: int = Field(
        5,
        ge=0,
        le=100,
        description="classifiers for each row of the table of labels, where the dataset and the generator "
        "have labels; 0: none",
    )
    classifier_kimg: Kimg = Field(12.0, gt=0, description="shown to a classifier")
    classifier_side: Resolution = Field(
        64, description="of a classifier's images, at most; larger images are reduced"
    )
    classifier_images: Images = Field(
        4096, gt=0, description="real, for a classifier's training, at most; and as many generated"
    )
    classifier_shares: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        [0.1, 0.3], description="of the real images, with and without generated ones, besides all"
    )
    label_fewest: Images = Field(
        8, gt=0, description="of a label, for training and held out; a label with fewer is left out"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        levels_up_to(self.smallest_level)
        if self.patch_side % 2 == 0 or self.patch_side > self.smallest_level:
            raise ValueError(
                f"patch_side is {self.patch_side}: give an odd number, at most smallest_level "
                f"({self.smallest_level})"
            )
        if self.replicates == 1:
            raise ValueError("replicates is 1: give 0, or 2 or more")
        if self.replicate_directions > (most := self.repeats * self.directions):
            raise ValueError(
                f"replicate_directions is {self.replicate_directions}: "
                f"give at most repeats x directions ({most})"
            )
        return self
