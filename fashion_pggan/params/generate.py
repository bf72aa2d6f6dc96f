"""Section `generate` of params.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fashion_pggan.params.section import (
    LARGEST_INDEX,
    MOST_LABELS,
    Images,
    Index,
    Label,
    Section,
    Share,
    Words,
)


class GenerateParams(Section):
    """The dataset of new images."""

    count: Images = Field(gt=0, description="to make")
    seed: Index = Field(description="of the latent vectors")
    first: Index = Field(description="index of the first image's latent vector")
    minibatch: Images = Field(gt=0, description="made at once; on the CPU it changes nothing else")
    form: Literal["imagefolder", "webdataset", "parquet"] = Field(description="of the dataset, by its loader")
    format: Literal["png", "webp", "jpeg"] = Field(description="of each image; png and webp are exact")
    label: Words = Field("", description="of all images; empty: as often as in the training's images")
    labels: dict[Label, Annotated[Images, Field(gt=0)]] = Field(
        {},
        max_length=MOST_LABELS,
        description="by label: images to make, instead of count; empty: count",
    )
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

    @property
    def total(self) -> int:
        """Images to make, of all labels together."""
        return sum(self.labels.values()) or self.count

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.label and self.labels:
            raise ValueError(f"label {self.label} and labels {', '.join(self.labels)}: leave one out")
        if self.first + self.total - 1 > LARGEST_INDEX:
            raise ValueError(
                f"first {self.first} and {self.total} images reach beyond the last latent, {LARGEST_INDEX}: "
                "lower one"
            )
        return self
