"""Checks a snapshot's header before anything is allocated for it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fashion_pggan.params.section import MOST_LABELS, FeatureMaps, Label, LatentSize, Resolution, Section

FORMAT = 1
LARGEST_HEADER = 64 << 10  # characters

Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
ShareOfAll = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=1 << 20)]


class ArchitectureFields(Section):
    """The fields of `train.model.networks.Architecture`, within what this program can build."""

    resolution: Resolution
    latent_size: LatentSize
    fmap_base: FeatureMaps
    fmap_max: FeatureMaps
    stddev_group: Count = 4
    label_size: int = Field(0, ge=0, le=MOST_LABELS)

    @model_validator(mode="after")
    def _buildable(self) -> Self:
        if self.resolution.bit_count() != 1:
            raise ValueError(f"resolution {self.resolution} is no power of two")
        if 2 * self.fmap_base < self.resolution:  # the last layer would have no feature maps
            raise ValueError(f"fmap_base {self.fmap_base} is too small for {self.resolution} px")
        return self


class OriginFields(Section):
    """The fields of `train.saved.snapshot.Origin`."""

    kimg: float = Field(ge=0)
    lod: float = Field(ge=0)
    params_hash: Name
    dataset_version: Name
    git_commit: Name
    labels: dict[Label, ShareOfAll] = Field({}, max_length=MOST_LABELS)
    unseen: ShareOfAll | None = None
    other_dataset: bool = False


class Header(Section):
    """The text under `fashion_pggan` in a snapshot's file."""

    format: Literal[1]
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")  # early files lack it
    architecture: ArchitectureFields
    origin: OriginFields

    @model_validator(mode="after")
    def _as_many_labels(self) -> Self:
        if len(self.origin.labels) != self.architecture.label_size:
            raise ValueError(
                f"{len(self.origin.labels)} labels for networks with {self.architecture.label_size}"
            )
        return self

    @model_validator(mode="after")
    def _grown_so_far(self) -> Self:
        most = self.architecture.resolution.bit_length() - 3
        if self.origin.lod > most:
            raise ValueError(f"lod {self.origin.lod:g} is above {most}, that of 4 px")
        return self


def header_in(text: str) -> Header:
    """Check a header's text.

    Raises:
        ValueError: it is too long, not JSON, or has values that no snapshot can have.
    """
    if len(text) > LARGEST_HEADER:
        raise ValueError(f"a header of {len(text)} characters")
    return Header.model_validate_json(text)
