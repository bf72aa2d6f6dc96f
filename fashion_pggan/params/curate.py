"""Section `curate` of params.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fashion_pggan.params.section import (
    MOST_LABELS,
    Images,
    Label,
    LocalPath,
    NameOfLabel,
    Pixels,
    Resolution,
    Section,
    Share,
    Unit,
    Words,
)
from fashion_pggan.storage.shards import levels_up_to

StyleName = Literal["worn", "mannequin", "flat", "several", "close_up", "banner"]
Score = Annotated[float, Field(ge=0, le=1)]


NO_LABEL = "unlabelled"  # in the table of labels


class CurateParams(Section):
    """Which images to keep, and what to make of them."""

    resolution: Resolution = Field(description="side of the training images, a power of two")
    min_side: Pixels = Field(gt=0, description="images with a shorter side are dropped; the paper: 512")
    max_aspect: float = Field(ge=1, description="long side over short side; longer images are dropped")
    max_pixels: Pixels = Field(
        gt=0, description="larger images are dropped, by the header, before anything is decoded"
    )
    min_deviation: Annotated[float, Unit("grey levels")] = Field(
        ge=0, description="images that vary less than this at 64 x 64 pixels are blank and dropped"
    )
    min_sharpness: Annotated[float, Unit("variance of the Laplacian")] = Field(
        ge=0, description="blurrier images are dropped; 0: any"
    )
    max_banner: Annotated[float, Unit("score")] = Field(
        ge=0, le=1, description="images with a higher score for a text banner are dropped; 1: any"
    )
    max_collage: Annotated[float, Unit("score")] = Field(
        ge=0, le=1, description="images with a higher score for several images in one are dropped; 1: any"
    )
    min_garment: Annotated[float, Unit("score")] = Field(
        0.0, ge=0, le=1, description="images with a lower score for showing a garment are dropped; 0: any"
    )
    styles: list[StyleName] = Field(description="the likeliest must be one of these; empty: any")
    max_scores: dict[StyleName, Score] = Field(
        description="by style: images with a higher score are dropped; no entry: any"
    )
    classifier: LocalPath = Field(
        description="a recipe for a model of your own (docs/how-to/curate-by-style.md); empty: none"
    )
    people: Literal["auto", "rules", "detector"] = Field(
        description="who says what is worn; detector: networks that see people (fashion-pggan models fetch), "
        "rules: faces and skin, auto: the networks where they are there"
    )
    measure: Literal["needed", "all"] = Field(
        description="facts of each image; needed: what other parameters read, all: also style and scores "
        "(measures.parquet, contact sheets by style)"
    )
    text: Literal["auto", "rules", "detector"] = Field(
        description="who says what is a banner; detector: a network that sees text (the extra `text`), "
        "rules: a strip of letters at the upper or lower edge, auto: the network where it is there"
    )
    near_bits: Annotated[int, Unit("bits of 256")] = Field(
        ge=0, le=64, description="largest distance between the perceptual hashes of near-duplicates; 0: exact"
    )
    colour_variants: bool = Field(description="true: the same image in other colours is a near-duplicate too")
    labels: dict[Label, list[NameOfLabel]] = Field(
        {},
        max_length=MOST_LABELS,
        description="by label: what its images' records call it, ends of their queries, or names of their "
        "folders; empty: none",
    )
    unlabelled: Literal["keep", "drop"] = Field(
        "keep", description="what becomes of images without a label, where there are labels"
    )
    label_cap: Images = Field(
        0, ge=0, description="of one label that are kept, the first ones by SHA-256; 0: all"
    )
    label_classifier: LocalPath = Field(
        "",
        description="a recipe for a model of your own that tells labels (docs/how-to/train-with-labels.md); "
        "empty: none",
    )
    label_score: Score = Field(0.5, description="that it gives its likeliest label, at least; else none")
    label_corrects: bool = Field(
        False, description="true: its label goes before all others; false: images without a label get it"
    )
    held_out: Share = Field(
        0.0,
        ge=0,
        lt=1,
        description="of the images, whole groups of near-duplicates by their hash, that training never shows "
        "and exports call test; 0: none",
    )
    crop: Literal["centre", "garment", "top"] = Field(
        description="which square; centre: as published; garment: the square around the garment; top: around "
        "the upper body of a person where networks see one (fashion-pggan models fetch), otherwise as garment"
    )
    enlarge: bool = Field(description="true: squares below resolution are enlarged")
    shard_images: Images = Field(gt=0, description="in a full shard")
    cluster: Words = Field(
        description="tcp://HOST:PORT of a Dask scheduler (docs/how-to/dask-cluster.md); "
        "empty: this machine's cores"
    )

    @model_validator(mode="after")
    def _one_label_each(self) -> Self:
        if NO_LABEL in self.labels:
            raise ValueError(f"labels: {NO_LABEL} counts the images without a label: give another name")
        label_of: dict[str, str] = {}
        for label, names in self.labels.items():
            for words in names:
                if (other := label_of.setdefault(words, label)) != label:
                    raise ValueError(f"labels: {words!r} belongs to {other} and to {label}: leave one out")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        levels_up_to(self.resolution)
        if self.min_side < self.resolution and not self.enlarge:
            raise ValueError(
                f"min_side {self.min_side} is below resolution {self.resolution}, which enlarges images: "
                "raise min_side, lower resolution, or set enlarge to true"
            )
        return self
