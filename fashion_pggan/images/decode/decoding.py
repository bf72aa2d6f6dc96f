"""An image file as a person sees it: upright, eight bits, sRGB, transparent parts on white.

Curation and evaluation both use it, so an image has the same pixels in both.
"""

import io
import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageFile

from fashion_pggan.images.decode.jpeg import jpeg_pixels
from fashion_pggan.images.decode.opening import orientation_of
from fashion_pggan.images.decode.png import whole_png
from fashion_pggan.images.decode.tails import check_tail

JPEGS = ("JPEG", "MPO")  # Pillow's names
WHITE = (255, 255, 255, 255)
SRGB = ImageCms.createProfile("sRGB")
TURNS = {  # EXIF orientation -> what brings it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
METADATA = ("exif", "xmp")  # Pillow's names
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
        image: what `opened` made of them; nothing of it was decoded yet.

    Raises:
        Exception: the bytes are broken; decoders raise any kind of error.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings(action="ignore"):
        if _is_plain(image):
            return Seen(jpeg_pixels(data, image.mode, image.size), profile_ignored=False)
        loaded = _loaded(data, image)
        orientation = 1 if image.format == "TIFF" else orientation_of(image)  # Pillow turns TIFF by itself
        coloured, ignored = _to_srgb(_eight_bits(_upright(loaded, orientation)))
        return Seen(np.asarray(_on_white(coloured)), ignored)


def _is_plain(image: Image.Image) -> bool:
    """Whether it is a JPEG whose decoded pixels are what a person sees: they need no copy."""
    plain = image.format in JPEGS and image.mode == "RGB"
    return plain and not image.info.get("icc_profile") and orientation_of(image) not in TURNS


def _loaded(data: bytes, image: Image.Image) -> Image.Image:
    """The decoded image, with its metadata."""
    if image.format == "PNG":
        image = Image.open(io.BytesIO(whole_png(data)), formats=["PNG"])
    if image.format not in JPEGS:  # a decoder that only warns of missing parts
        image.load()
        check_tail(data, image.format or "", sum(len(image.info.get(name) or b"") for name in METADATA))
        return image
    pixels = jpeg_pixels(data, image.mode, image.size)
    if image.mode == "CMYK":  # Pillow knows when its values are inverted
        image.load()
        return image
    whole = Image.fromarray(pixels.squeeze(2) if image.mode == "L" else pixels)
    whole.info = image.info
    return whole


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen bits to eight, palettes to colours, one bit to grey."""
    if image.mode in ("I", "F"):
        raise ValueError("values of 32 bits, whose white is unknown")
    if image.mode.startswith("I"):  # I;16 and its variants
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
    """Apply the colour profile; returns whether it is broken and was ignored."""
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
