"""Why an image file gives no pixels."""

from enum import StrEnum


class Failure(StrEnum):
    """What prevented measuring an image: a fact about the file."""

    EMPTY = "EMPTY"  # no bytes
    NOT_IMAGE = "NOT_IMAGE"  # a page, an error message, anything else
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"  # an image format that is never opened
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"  # the header says more than curate.max_pixels
    ANIMATED = "ANIMATED"
    TRUNCATED = "TRUNCATED"  # the file ends too early
    DECODE_ERROR = "DECODE_ERROR"
    DECODER_DIED = "DECODER_DIED"  # the worker ran out of memory or time, or crashed
