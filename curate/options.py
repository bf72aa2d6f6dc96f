"""Parameters of section `curate` that the command line takes as options."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

KEPT = Parameter(group=Group("Which images are kept (in place of params.yaml)", sort_key=1))
SQUARES = Parameter(group=Group("What becomes of them (in place of params.yaml)", sort_key=2))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters that the command line may give in place of params.yaml.

    Args:
        min_side: pixels; images with a shorter side are dropped.
        max_aspect: long side over short side; longer images are dropped.
        max_pixels: larger images are dropped by their header.
        min_deviation: grey levels; images that vary less are blank and dropped.
        min_sharpness: variance of the Laplacian; blurrier images are dropped; 0: none.
        max_banner: 0 to 1; images with a higher score for a text banner are dropped; 1: none.
        max_collage: 0 to 1; images with a higher score for several in one are dropped; 1: none.
        min_garment: 0 to 1; images with a lower score for showing a garment are dropped; 0: none.
        styles: worn, mannequin, flat, several, close_up or banner: keep this style; may be repeated.
        max_scores: by style, such as --max-scores.worn 0.2; images with a higher score are dropped.
        classifier: a recipe for a model of your own.
        people: detector, rules or auto: who says what is worn.
        text: detector, rules or auto: who says what is a banner.
        measure: needed or all: what is measured of each image; all: also style and scores.
        labels: by label, such as --labels.hoodie 후드티: ends of its queries, or names of its folders.
        unlabelled: keep or drop: what becomes of images without a label.
        label_cap: images of each label, at most; 0: all.
        label_classifier: a recipe for a model of your own that tells labels.
        label_score: 0 to 1; the least score of its likeliest label.
        label_corrects: whether its label goes before all others.
        held_out: share of the images, in whole groups of near-duplicates, that training never sees.
        near_bits: of 256; largest distance between the hashes of near-duplicates; 0: exact copies alone.
        colour_variants: whether the same image in other colours is a near-duplicate too.
        resolution: pixels, side of the square images; a power of two.
        crop: centre, garment or top: which square.
        enlarge: whether squares below the resolution are enlarged.
        shard_images: images in a full shard.
        cluster: tcp://HOST:PORT of a Dask scheduler.
    """

    min_side: Annotated[int | None, KEPT] = None
    max_aspect: Annotated[float | None, KEPT] = None
    max_pixels: Annotated[int | None, KEPT] = None
    min_deviation: Annotated[float | None, KEPT] = None
    min_sharpness: Annotated[float | None, KEPT] = None
    max_banner: Annotated[float | None, KEPT] = None
    max_collage: Annotated[float | None, KEPT] = None
    min_garment: Annotated[float | None, KEPT] = None
    styles: Annotated[list[str] | None, KEPT, Parameter(negative="--any-style")] = None
    max_scores: Annotated[dict[str, float] | None, KEPT] = None
    classifier: Annotated[str | None, KEPT] = None
    people: Annotated[str | None, KEPT] = None
    text: Annotated[str | None, KEPT] = None
    measure: Annotated[str | None, KEPT] = None
    labels: Annotated[dict[str, list[str]] | None, KEPT] = None
    unlabelled: Annotated[str | None, KEPT] = None
    label_cap: Annotated[int | None, KEPT] = None
    label_classifier: Annotated[str | None, KEPT] = None
    label_score: Annotated[float | None, KEPT] = None
    label_corrects: Annotated[bool | None, KEPT, Parameter(negative="--no-label-corrects")] = None
    held_out: Annotated[float | None, KEPT] = None
    near_bits: Annotated[int | None, KEPT] = None
    colour_variants: Annotated[bool | None, KEPT, Parameter(negative="--no-colour-variants")] = None
    resolution: Annotated[int | None, SQUARES] = None
    crop: Annotated[str | None, SQUARES] = None
    enlarge: Annotated[bool | None, SQUARES, Parameter(negative="--no-enlarge")] = None
    shard_images: Annotated[int | None, SQUARES] = None
    cluster: Annotated[str | None, SQUARES] = None


SETTINGS = Settings()
