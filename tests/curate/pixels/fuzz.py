"""`python tests/curate/pixels/fuzz.py COUNT [SEED]`: broken files of every kind, decoded; prints outcomes.

Status 0 when every input was an image or refused, none cost too much, and no JPEG came out partly grey.
"""

import io
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from curate.pixels.decode import Refused, decode, open_image

SIDE = 48  # pixels
LIMIT_BYTES = 4 * 1024**3  # address space of the whole process
LIMIT_S = 2.0  # for one input
MOST_PIXELS = 1_000_000  # decoded; a header that speaks of more is refused before, as the stage does
GREY = 0.2  # share of pixels of libjpeg's grey, above which an image counts as partly grey


def wholes() -> dict[str, bytes]:
    """A good file of each kind, in several of its variants."""
    random = np.random.default_rng(0)
    small = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    image = small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: dict[str, tuple[str, Image.Image, dict[str, Any]]] = {
        "jpeg": ("JPEG", image, {"quality": 90, "exif": exif}),
        "progressive": ("JPEG", image, {"progressive": True}),
        "cmyk": ("JPEG", image.convert("CMYK"), {}),
        "png": ("PNG", image, {}),
        "palette": ("PNG", image.convert("P"), {"transparency": 3}),
        "png16": ("PNG", Image.fromarray(random.integers(0, 65536, (SIDE, SIDE)).astype(np.uint16)), {}),
        "gif": ("GIF", image, {}),
        "film": ("GIF", image, {"save_all": True, "append_images": [small.resize((SIDE, SIDE))]}),
        "webp": ("WEBP", image.convert("RGBA"), {}),
        "lossless": ("WEBP", image, {"lossless": True}),
        "avif": ("AVIF", image, {}),
        "bmp": ("BMP", image, {}),
        "tiff": ("TIFF", image, {"compression": "tiff_lzw"}),
    }
    encoded = {}
    for name, (kind, drawn, options) in kinds.items():
        buffer = io.BytesIO()
        drawn.save(buffer, kind, **options)
        encoded[name] = buffer.getvalue()
    return encoded


def broken(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Mutated files: flipped bits, other bytes, cut ends, holes, pieces of other files."""
    random = np.random.default_rng(seed)
    good = wholes()
    names = list(good)
    for _ in range(count):
        name = names[random.integers(len(names))]
        data = bytearray(good[name])
        match random.integers(6):
            case 0:
                data[random.integers(len(data))] ^= 1 << random.integers(8)
            case 1:
                for _ in range(random.integers(1, 5)):
                    data[random.integers(min(64, len(data)))] = random.integers(256)
            case 2:
                for _ in range(random.integers(1, 9)):
                    data[random.integers(len(data))] = random.integers(256)
            case 3:
                del data[random.integers(1, len(data)) :]
            case 4:
                start = random.integers(len(data))
                del data[start : start + random.integers(1, 100)]
            case 5:
                other = good[names[random.integers(len(names))]]
                start, length = random.integers(len(data)), random.integers(1, 200)
                data[start : start + length] = other[start : start + length]
        yield name, bytes(data)


def main() -> None:
    """Decode them all."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for name, data in broken(count, seed):
        began = time.monotonic()
        outcome = _outcome(data)
        slowest = max(slowest, time.monotonic() - began)
        outcomes[outcome] += 1
        if outcome == "GREY" or slowest > LIMIT_S:
            sys.exit(f"{name}: {outcome} after {slowest:.1f} s: {data.hex()}")
    print(dict(outcomes.most_common()), f"slowest {slowest * 1000:.0f} ms")


def _outcome(data: bytes) -> str:
    try:
        opened = open_image(data)
        if opened.header.width * opened.header.height > MOST_PIXELS:
            return "TOO_MANY_PIXELS"
        if opened.header.animated:
            return "ANIMATED"
        pixels = decode(opened).pixels
    except Refused as refused:
        return refused.failure.value
    assert pixels.dtype == np.uint8
    assert pixels.shape == (opened.header.height, opened.header.width, 3)
    if opened.header.format == "JPEG" and (np.abs(pixels.astype(int) - 128).max(axis=2) <= 1).mean() > GREY:
        return "GREY"
    return "image"


if __name__ == "__main__":
    main()
