"""Bytes from the network to upright sRGB pixels, or the reason why not.

Anything may come in: nothing is believed but the bytes. The kind of file is told from its first bytes, its
size from its header before anything is decoded, and only the one decoder of that kind is let near it.
"""

import io
import warnings
from typing import NamedTuple

import numpy as np
import simplejpeg
from PIL import Image, ImageCms, ImageFile, ImageOps

from curate.judge import Reason
from curate.measure import Header, Pixels, jpeg_quality_of
from curate.scans import is_complete

SNIFFED_BYTES = 1024
WHITE = (255, 255, 255, 255)
SRGB = ImageCms.createProfile("sRGB")
UPRIGHT, SIDEWAYS = range(1, 5), range(5, 9)  # EXIF orientations
ORIENTATION = 0x0112  # EXIF tag
JPEG_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # Pillow's mode -> simplejpeg's colour space
PREMATURE = "remature end"  # libjpeg's warnings
HARMLESS = ("extraneous bytes before marker 0xd9",)  # the end: all before it was in order
END_OF_IMAGE = b"\xff\xd9"
ICC_MODES = frozenset({"RGB", "RGBA", "L", "LA", "CMYK"})


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """The bytes are no picture that can be used."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Opened(NamedTuple):
    """A picture of which only the header was read."""

    data: bytes
    picture: Image.Image
    header: Header


class Decoded(NamedTuple):
    """A picture as a person sees it."""

    pixels: Pixels
    profile_ignored: bool  # it has a colour profile that cannot be read


def kind_of(data: bytes) -> str:
    """Pillow's name of the format, from the first bytes.

    Raises:
        Refused: EMPTY, NOT_IMAGE or UNSUPPORTED_FORMAT.
    """
    if not data:
        raise Refused(Reason.EMPTY)
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
    raise Refused(Reason.UNSUPPORTED_FORMAT if _never_opened(data) else Reason.NOT_IMAGE)


def _brands(data: bytes) -> set[bytes]:
    """What a file of boxes says it is compatible with."""
    end = min(int.from_bytes(data[:4], "big"), SNIFFED_BYTES)
    return {data[start : start + 4] for start in range(8, end, 4)}


def _never_opened(data: bytes) -> bool:
    return (
        data.startswith((b"%PDF", b"%!PS", b"\xc5\xd0\xd3\xc6", b"8BPS", b"\xff\x4f\xff\x51"))
        or data[4:12] == b"jP  \r\n\x87\n"
        or data[4:8] == b"ftyp"  # HEIF, films
        or b"<svg" in data[:SNIFFED_BYTES].lower()
    )


def open_picture(data: bytes) -> Opened:
    """Read the header.

    Raises:
        Refused: the bytes are no picture, or its header is broken.
    """
    kind = kind_of(data)
    Image.MAX_IMAGE_PIXELS = None  # our own limit comes right after
    try:
        with warnings.catch_warnings(action="ignore"):
            picture = Image.open(io.BytesIO(data), formats=[kind])
            width, height = picture.size
            # A camera's JPEG may hold a second picture or a gain map behind the first: the first is meant.
            animated = picture.format not in ("MPO", "TIFF") and bool(getattr(picture, "is_animated", False))
            stored = picture.size
            if kind != "TIFF" and _orientation_of(picture) in SIDEWAYS:  # Pillow turns TIFF by itself
                width, height = height, width
    except Exception as error:  # decoders raise whatever they like on broken input
        raise Refused(_reason_for(error)) from error
    quality = jpeg_quality_of(getattr(picture, "quantization", {}))
    return Opened(data, picture, Header(kind, width, height, animated, *stored, quality))


def decode(opened: Opened) -> Decoded:
    """Decode strictly, turn upright, bring to sRGB, put transparent parts on white.

    Raises:
        Refused: TRUNCATED or DECODE_ERROR.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings(action="ignore"):
            if opened.header.format == "PNG":  # checks every chunk's CRC; decoding lets a flipped bit pass
                Image.open(io.BytesIO(opened.data), formats=["PNG"]).verify()
            picture, ignored = _to_srgb(_eight_bits(_upright(_loaded(opened))))
            return Decoded(np.asarray(_on_white(picture)), ignored)
    except Exception as error:  # decoders raise whatever they like on broken input
        raise Refused(_reason_for(error)) from error


def _loaded(opened: Opened) -> Image.Image:
    """The decoded picture. A JPEG decoder only warns of missing parts, and makes them grey: an error here."""
    picture = opened.picture
    if opened.header.format != "JPEG" or picture.mode not in JPEG_SPACES:
        picture.load()
        return picture
    if not is_complete(opened.data):
        raise Refused(Reason.TRUNCATED)
    pixels = _jpeg(opened.data, JPEG_SPACES[picture.mode])
    if picture.mode == "CMYK":  # Pillow knows when its values are inverted
        picture.load()
        return picture
    whole = Image.fromarray(pixels.squeeze())
    whole.info = picture.info
    whole.getexif().update(picture.getexif())
    return whole


def _jpeg(data: bytes, space: str) -> Pixels:
    try:
        return _strictly(data, space)
    except ValueError as error:
        if PREMATURE not in str(error):
            raise
        return _strictly(data + END_OF_IMAGE, space)  # perhaps the end marker alone is missing


def _strictly(data: bytes, space: str) -> Pixels:
    pixels: Pixels
    try:
        pixels = simplejpeg.decode_jpeg(data, space, strict=True)
    except ValueError as error:
        if not any(harmless in str(error) for harmless in HARMLESS):
            raise
        pixels = simplejpeg.decode_jpeg(data, space, strict=False)
    return pixels


def _reason_for(error: BaseException) -> Reason:
    text = str(error).lower()
    cut = any(word in text for word in ("truncated", "unexpected end", PREMATURE))
    return Reason.TRUNCATED if cut else Reason.DECODE_ERROR


def _orientation_of(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # broken metadata is as good as none, and breaks in many ways
        return 1


def _upright(picture: Image.Image) -> Image.Image:
    if _orientation_of(picture) in (1, 0):
        return picture
    return ImageOps.exif_transpose(picture)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits to eight, palettes to colours, one bit to grey."""
    if picture.mode in ("I", "F"):
        raise ValueError("values of 32 bits, whose white nobody says")
    if picture.mode.startswith("I"):  # I;16 and its kin
        values = np.asarray(picture).astype(np.float64) / 257
        return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    if picture.mode == "P":
        return picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode in ("RGB", "L") and "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in ("1", "PA", "La", "RGBa"):
        return picture.convert({"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}[picture.mode])
    return picture


def _to_srgb(picture: Image.Image) -> tuple[Image.Image, bool]:
    """Apply the colour profile; a broken one is ignored, and said so."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ICC_MODES:
        return picture, False
    alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
    plain = picture.convert(picture.mode.removesuffix("A")) if alpha else picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(plain, source, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture, True
    if turned is None:
        return picture, True
    if alpha:
        turned.putalpha(alpha)
    return turned, False


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA"):
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, WHITE)
        picture = Image.alpha_composite(ground, picture)
    return picture.convert("RGB")
