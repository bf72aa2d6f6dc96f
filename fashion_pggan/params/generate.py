"""Section `generate` of params.yaml."""

from typing import Literal, Self

from pydantic import Field, model_validator

from fashion_pggan.params.section import LARGEST_INDEX, Images, Index, Section, Share, Words


class GenerateParams(Section):
    """The dataset of new images."""

    count: Images = Field(gt=0, description="to make")
    seed: Index = Field(description="of the latent vectors")
    first: Index = Field(description="index of the first image's latent vector")
    minibatch: Images = Field(gt=0, description="made at once; on the CPU it changes nothing else")
    form: Literal["imagefolder", "webdataset", "parquet"] = Field(description="of the dataset, by its loader")
    format: Literal["png", "webp", "jpeg"] = Field(description="of each image; png and webp are exact")
    label: Words = Field("", description="of all images; empty: as often as in the training's images")
    truncation: float = Field(
        ge=0, le=1, description="1: off; lower: nearer to the mean image, with less variety"
    )
    reject_copies: Share = Field(
        ge=0,
        lt=1,
        description="leave out images that are nearer to a training image than this share of the training "
        "images is to the rest; 0: off",
    )
    reject_scores: Share = Field(
        ge=0, lt=1, description="of the images with the lowest critic scores to leave out; 0: off"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.first + self.count - 1 > LARGEST_INDEX:
            raise ValueError(
                f"first {self.first} and count {self.count} reach beyond the last latent, {LARGEST_INDEX}: "
                "lower one"
            )
        return self
