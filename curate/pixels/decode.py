"""Bytes from the network in; upright sRGB pixels out, or the reason why not.

The input may be anything, so names and types that come with it do not count. The first bytes give the format,
and the header gives the size before anything is decoded. Then only that format's decoder reads the file; the
decoders are in fashion_pggan/images/decode.
"""

from typing import NamedTuple

from PIL import Image

from curate.pixels.failure import Failure
from curate.pixels.measure import Header, jpeg_quality_of
from fashion_pggan.images.decode import heif
from fashion_pggan.images.decode.decoding import Seen, seen
from fashion_pggan.images.decode.jpeg import PREMATURE
from fashion_pggan.images.decode.opening import MOST_PIXELS, TooManyPixels, opened

SNIFFED_BYTES = 1024
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}  # brands


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """The bytes give no usable pixels."""

    def __init__(self, failure: Failure, header: Header | None = None, kind: str = "") -> None:
        super().__init__(failure)
        self.failure = failure
        self.header = header  # when it could be read
        self.kind = header.format if header else kind  # of the file, as far as it is known


class Opened(NamedTuple):
    """An image with only its header read."""

    data: bytes
    image: Image.Image
    header: Header


def kind_of(data: bytes) -> str:
    """Pillow's name of the format, from the first bytes.

    Raises:
        Refused: EMPTY, NOT_IMAGE or UNSUPPORTED_FORMAT.
    """
    if not data:
        raise Refused(Failure.EMPTY)
    for kind, found in (
        ("JPEG", data.startswith(b"\xff\xd8\xff")),
        ("PNG", data.startswith(b"\x89PNG\r\n\x1a\n")),
        ("GIF", data.startswith((b"GIF87a", b"GIF89a"))),
        ("WEBP", data.startswith(b"RIFF") and data[8:12] == b"WEBP"),
        ("BMP", data.startswith(b"BM")),
        ("TIFF", data.startswith((b"II*\0", b"MM\0*"))),
        ("AVIF", data[4:8] == b"ftyp" and bool(_brands(data) & {b"avif", b"avis"})),
    ):
        if found:
            return kind
    never = _never_opened(data)
    if never == "HEIC" and heif.installed():
        return never
    if never:
        raise Refused(Failure.UNSUPPORTED_FORMAT, kind=never)
    raise Refused(Failure.NOT_IMAGE)


def _brands(data: bytes) -> set[bytes]:
    """The brands that an ISO media file says it is compatible with."""
    end = min(int.from_bytes(data[:4], "big"), SNIFFED_BYTES)
    return {data[start : start + 4] for start in range(8, end, 4)}


def _never_opened(data: bytes) -> str:
    """The kind of a file that is not opened, HEIC without its extra; empty for what is no image."""
    return next(
        (
            kind
            for kind, found in (
                ("PDF", data.startswith(b"%PDF")),
                ("EPS", data.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6"))),
                ("PSD", data.startswith(b"8BPS")),
                ("JPEG2000", data.startswith(b"\xff\x4f\xff\x51") or data[4:12] == b"jP  \r\n\x87\n"),
                ("JXL", data.startswith(b"\xff\x0a") or data[:12] == b"\0\0\0\x0cJXL \r\n\x87\n"),
                ("HEIC", data[4:8] == b"ftyp" and bool(_brands(data) & HEIC)),
                ("FILM", data[4:8] == b"ftyp"),
                ("ICO", data.startswith((b"\0\0\1\0", b"\0\0\2\0")) and 0 < data[4] + 256 * data[5] < 256),
                ("SVG", b"<svg" in data[:SNIFFED_BYTES].lower()),
            )
            if found
        ),
        "",
    )


def open_image(data: bytes, max_pixels: int = MOST_PIXELS) -> Opened:
    """Read the header.

    Args:
        data: the file's bytes.
        max_pixels: a larger image is refused before it is decoded.

    Raises:
        Refused: the bytes are not an image, its header is broken, or it is too large.
    """
    kind = kind_of(data)
    try:
        image, width, height, animated = opened(data, (heif.KIND if kind == "HEIC" else kind,), max_pixels)
    except TooManyPixels as many:
        header = Header(kind, many.width, many.height, False, many.width, many.height)
        raise Refused(Failure.TOO_MANY_PIXELS, header) from many
    except Exception as error:  # decoders raise whatever they like on broken input
        raise Refused(_reason_for(error)) from error
    quality = jpeg_quality_of(getattr(image, "quantization", {}))
    header = Header(kind, width, height, animated, *image.size, quality)
    return Opened(data, image, header)


def decode(image: Opened) -> Seen:
    """Decode strictly, turn upright, bring to sRGB, put transparent parts on white.

    Raises:
        Refused: TRUNCATED or DECODE_ERROR.
    """
    try:
        return seen(image.data, image.image)
    except Exception as error:  # decoders raise whatever they like on broken input
        raise Refused(_reason_for(error), image.header) from error


def _reason_for(error: BaseException) -> Failure:
    text = str(error).lower()
    cut = any(word in text for word in ("truncated", "unexpected end", PREMATURE))
    return Failure.TRUNCATED if cut else Failure.DECODE_ERROR
