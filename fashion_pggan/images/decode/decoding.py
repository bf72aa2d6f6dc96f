"""An image file as a person sees it: upright, eight bits, sRGB, transparent parts on white.

Curation reads images by this, and so does evaluation: an image is the same to both.
"""

import io
import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image, ImageCms, ImageFile, ImageOps

from fashion_pggan.images.decode.scans import is_complete

WHITE = (255, 255, 255, 255)
SRGB = ImageCms.createProfile("sRGB")
ORIENTATION = 0x0112  # EXIF tag
SIDEWAYS = range(5, 9)  # EXIF orientations
JPEG_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # Pillow's mode -> simplejpeg's colour space
PREMATURE = "remature end"  # libjpeg's warnings
HARMLESS = ("extraneous bytes before marker 0xd9",)  # the end: all before it was in order
END_OF_IMAGE = b"\xff\xd9"
ICC_MODES = frozenset({"RGB", "RGBA", "L", "LA", "CMYK"})

Pixels = npt.NDArray[np.uint8]  # (height, width, 3), RGB


class Seen(NamedTuple):
    """An image as a person sees it."""

    pixels: Pixels
    profile_ignored: bool  # it has a colour profile that cannot be read


def seen(data: bytes, image: Image.Image) -> Seen:
    """Decode strictly, turn upright, bring to sRGB, put transparent parts on white.

    Args:
        data: a file's bytes.
        image: what Pillow opened of them; nothing of it was decoded yet.

    Raises:
        Exception: the bytes are broken; decoders raise whatever they like.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings(action="ignore"):
        if image.format == "PNG":  # checks every chunk's CRC; decoding lets a flipped bit pass
            Image.open(io.BytesIO(data), formats=["PNG"]).verify()
        coloured, ignored = _to_srgb(_eight_bits(_upright(_loaded(data, image))))
        return Seen(np.asarray(_on_white(coloured)), ignored)


def orientation_of(image: Image.Image) -> int:
    """The orientation that EXIF says, 1 where it says none."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # broken metadata is as good as none, and breaks in many ways
        return 1


def _loaded(data: bytes, image: Image.Image) -> Image.Image:
    """The decoded image. A JPEG decoder only warns of missing parts, and makes them grey: an error here."""
    if image.format not in ("JPEG", "MPO") or image.mode not in JPEG_SPACES:
        image.load()
        return image
    if not is_complete(data):
        raise ValueError("truncated: scans are missing")
    pixels = _jpeg(data, JPEG_SPACES[image.mode])
    if image.mode == "CMYK":  # Pillow knows when its values are inverted
        image.load()
        return image
    whole = Image.fromarray(pixels.squeeze())
    whole.info = image.info
    whole.getexif().update(image.getexif())
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


def _upright(image: Image.Image) -> Image.Image:
    if orientation_of(image) in (1, 0):
        return image
    return ImageOps.exif_transpose(image)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen bits to eight, palettes to colours, one bit to grey."""
    if image.mode in ("I", "F"):
        raise ValueError("values of 32 bits, whose white nobody says")
    if image.mode.startswith("I"):  # I;16 and its kin
        values = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("RGB", "L") and "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("1", "PA", "La", "RGBa"):
        return image.convert({"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}[image.mode])
    return image


def _to_srgb(image: Image.Image) -> tuple[Image.Image, bool]:
    """Apply the colour profile; a broken one is ignored, and said so."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ICC_MODES:
        return image, False
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    plain = image.convert(image.mode.removesuffix("A")) if alpha else image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(plain, source, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image, True
    if turned is None:
        return image, True
    if alpha:
        turned.putalpha(alpha)
    return turned, False


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA"):
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, WHITE)
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")
