"""Why an image is not in the dataset, and what a person can change about it."""

from collections.abc import Mapping
from enum import StrEnum

from curate.pixels.failure import Failure


class Reason(StrEnum):
    """Why an image is not in the dataset: it gave no pixels, it broke a rule, or it is a copy."""

    EMPTY = Failure.EMPTY
    NOT_IMAGE = Failure.NOT_IMAGE
    UNSUPPORTED_FORMAT = Failure.UNSUPPORTED_FORMAT
    TOO_MANY_PIXELS = Failure.TOO_MANY_PIXELS
    ANIMATED = Failure.ANIMATED
    TRUNCATED = Failure.TRUNCATED
    DECODE_ERROR = Failure.DECODE_ERROR
    DECODER_DIED = Failure.DECODER_DIED
    TOO_SMALL = "TOO_SMALL"  # short side below curate.min_side
    ASPECT = "ASPECT"  # long side over short side above curate.max_aspect
    BLANK = "BLANK"  # deviation below curate.min_deviation: nothing to see
    BLURRED = "BLURRED"  # sharpness below curate.min_sharpness
    BANNER = "BANNER"  # text banner score above curate.max_banner
    COLLAGE = "COLLAGE"  # several images in one: score above curate.max_collage
    NO_GARMENT = "NO_GARMENT"  # score for a garment below curate.min_garment
    STYLE = "STYLE"  # not one of curate.styles, or a score above curate.max_scores
    UNLABELLED = "UNLABELLED"  # without a label, and curate.unlabelled is drop
    LABEL_CAP = "LABEL_CAP"  # its label has curate.label_cap images already
    OVERRULED = "OVERRULED"  # a person dropped it: overrides.csv
    DUPLICATE = "DUPLICATE"  # a copy of an image that is kept


# What a person can change, for the error when no image is left; filled in from the parameters.
ADVICE: Mapping[Reason, str] = {
    Reason.TOO_SMALL: "lower curate.min_side, now {min_side}, in params.yaml or by --min-side",
    Reason.ASPECT: "raise curate.max_aspect, now {max_aspect}, in params.yaml or by --max-aspect",
    Reason.TOO_MANY_PIXELS: "raise curate.max_pixels, now {max_pixels}, in params.yaml or by --max-pixels",
    Reason.BLANK: "lower curate.min_deviation, now {min_deviation}, in params.yaml or by --min-deviation",
    Reason.BLURRED: "lower curate.min_sharpness, now {min_sharpness}, in params.yaml or by --min-sharpness",
    Reason.BANNER: "raise curate.max_banner, now {max_banner}, in params.yaml or by --max-banner",
    Reason.COLLAGE: "raise curate.max_collage, now {max_collage}, in params.yaml or by --max-collage",
    Reason.NO_GARMENT: "lower curate.min_garment, now {min_garment}, in params.yaml or by --min-garment",
    Reason.UNLABELLED: "add ends of queries to curate.labels, now {labels}, or set curate.unlabelled: keep",
    Reason.STYLE: "add to curate.styles, now {styles}, or raise curate.max_scores, now {max_scores}",
}
