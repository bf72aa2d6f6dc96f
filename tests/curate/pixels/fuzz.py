"""`python tests/curate/pixels/fuzz.py COUNT [SEED] [PHOTOGRAPHS]`: broken files of every kind, decoded.

It prints, for each kind of file and of damage, how many were refused, how many are the image all the same,
and how many came out as another image. PHOTOGRAPHS is a folder of JPEG files to break in place of drawn ones.
Status 0 when nothing crashed, hung or came out partly grey, and when what a decoder can know was noticed: cut
files of any kind, zeros in place of the end or the middle of a JPEG or PNG.
"""

import io
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from PIL import Image, ImageFile

from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import Pixels

SIDES = (48, 400)  # pixels: small files are hit in their headers, large ones in their data
LIMIT_BYTES = 4 * 1024**3  # address space of the whole process
LIMIT_S = 2.0  # for one input
MOST_PIXELS = 1_000_000  # decoded; a header that speaks of more is refused before
GREY = 0.2  # share of pixels of libjpeg's grey, above which an image counts as partly grey
OTHER, OTHER_SHARE = 24, 0.01  # grey levels, and the share of pixels beyond them in another image
JPEGS = frozenset({"baseline", "best", "optimised", "restarts", "progressive", "cmyk"})
PNGS = frozenset({"png", "palette", "png16"})


class Whole(NamedTuple):
    """A good file of one kind, and another of the same kind and size."""

    kind: str
    data: bytes
    other: bytes


def drawn(side: int, seed: int) -> Image.Image:
    """Structure at all scales on one half, a smooth ground on the other."""
    random = np.random.default_rng(seed)
    image = np.zeros((side, side, 3))
    for cells in (3, 8, 24, side):
        small = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        image += np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), np.float64) / 4
    image[:, side // 2 :] = 200 + np.linspace(0, 40, side)[:, None, None]
    return Image.fromarray(image.astype(np.uint8))


def wholes(images: Sequence[Image.Image]) -> list[Whole]:
    """Good files of every kind, each beside one of the next image in the size of the first."""
    return [
        Whole(kind, *(_encoded(kind, one.resize(image.size)) for one in (image, following)))
        for image, following in zip(images, [*images[1:], images[0]], strict=True)
        for kind in _kinds(image)
    ]


def _kinds(image: Image.Image) -> dict[str, tuple[str, Image.Image, dict[str, Any]]]:
    """By kind: Pillow's format, the image and its options."""
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
    turned = image.transpose(Image.Transpose.ROTATE_180)
    return {
        "baseline": ("JPEG", image, {"quality": 90, "exif": exif}),
        "best": ("JPEG", image, {"quality": 100, "subsampling": 0}),
        "optimised": ("JPEG", image, {"quality": 75, "optimize": True}),
        "restarts": ("JPEG", image, {"quality": 90, "restart_marker_rows": 2}),
        "progressive": ("JPEG", image, {"progressive": True}),
        "cmyk": ("JPEG", image.convert("CMYK"), {}),
        "png": ("PNG", image, {"compress_level": 1}),
        "palette": ("PNG", image.convert("P"), {"transparency": 3}),
        "png16": ("PNG", Image.fromarray(grey), {"compress_level": 1}),
        "gif": ("GIF", image, {}),
        "film": ("GIF", image, {"save_all": True, "append_images": [turned]}),
        "webp": ("WEBP", image.convert("RGBA"), {"method": 0}),
        "lossless": ("WEBP", image, {"lossless": True, "method": 0}),
        "avif": ("AVIF", image, {"speed": 10}),
        "bmp": ("BMP", image, {}),
        "tiff": ("TIFF", image, {"compression": "tiff_lzw"}),
    }


def _encoded(kind: str, image: Image.Image) -> bytes:
    name, ready, options = _kinds(image)[kind]
    buffer = io.BytesIO()
    with mock.patch.object(ImageFile, "MAXBLOCK", 2**22):  # JPEGs with codes of their own need it
        ready.save(buffer, name, **options)
    return buffer.getvalue()


def broken(count: int, seed: int, good: Sequence[Whole]) -> Iterator[tuple[Whole, str, bytes]]:
    """Damaged files, each after the file it was and what happened to it."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        whole = good[random.integers(len(good))]
        damage = list(DAMAGES)[random.integers(len(DAMAGES))]
        yield whole, damage, bytes(DAMAGES[damage](bytearray(whole.data), whole.other, random))


def _flip(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    data[random.integers(len(data))] ^= 1 << random.integers(8)
    return data


def _header(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    for _ in range(random.integers(1, 5)):
        data[random.integers(min(64, len(data)))] = random.integers(256)
    return data


def _bytes(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    for _ in range(random.integers(1, 9)):
        data[random.integers(len(data))] = random.integers(256)
    return data


def _cut(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    del data[random.integers(1, len(data)) :]
    return data


def _lost(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    start = random.integers(len(data))
    del data[start : start + random.integers(1, 100)]
    return data


def _piece(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    start, length = random.integers(len(data)), random.integers(1, 200)
    data[start : start + length] = other[start : start + length]
    return data


def _zero_tail(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    start = random.integers(len(data) // 4, len(data))
    end = data[-2:] if random.integers(2) else b""
    return data[:start] + bytes(max(len(data) - start - len(end), 0)) + end


def _zero_hole(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    start, length = random.integers(len(data) // 4, len(data)), random.integers(32, 4097)
    data[start : start + length] = bytes(len(data[start : start + length]))
    return data


def _noise_hole(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    start, length = random.integers(len(data) // 4, len(data)), random.integers(32, 4097)
    data[start : start + length] = random.bytes(len(data[start : start + length]))
    return data


def _splice(data: bytearray, other: bytes, random: np.random.Generator) -> bytearray:
    share = random.uniform(0.2, 0.8)
    return data[: round(share * len(data))] + other[round(share * len(other)) :]


DAMAGES = {
    "flip": _flip,
    "header": _header,
    "bytes": _bytes,
    "cut": _cut,
    "lost": _lost,
    "piece": _piece,
    "zero tail": _zero_tail,
    "zero hole": _zero_hole,
    "noise hole": _noise_hole,
    "splice": _splice,
}
NOTICED = {"zero tail": JPEGS | PNGS, "zero hole": JPEGS | PNGS, "noise hole": PNGS}


def main() -> None:
    """Decode them all."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    images = [drawn(side, seed) for side in SIDES for seed in (0, 1)]
    if len(sys.argv) > 3:
        paths = sorted(Path(sys.argv[3]).glob("*.jpg"))[:16]
        images = [Image.open(path).convert("RGB") for path in paths]
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    outcomes: Counter[tuple[str, str, str]] = Counter()
    slowest = 0.0
    for whole, damage, data in broken(count, seed, wholes(images)):
        began = time.monotonic()
        outcome = _outcome(whole, data)
        slowest = max(slowest, time.monotonic() - began)
        outcomes[whole.kind, damage, outcome] += 1
        missed = outcome == "another" and (damage == "cut" or whole.kind in NOTICED.get(damage, ()))
        if missed or outcome == "GREY" or slowest > LIMIT_S:
            Path("fuzz.bin").write_bytes(data)
            sys.exit(f"{whole.kind}, {damage}: {outcome} after {slowest:.1f} s: see fuzz.bin")
    _print(outcomes)
    print(f"slowest {slowest * 1000:.0f} ms")


def _print(outcomes: Counter[tuple[str, str, str]]) -> None:
    """A row per kind of file: of each damage, how many are refused, the image, another."""
    print("| refused, image, another |", " | ".join(DAMAGES), "|")
    for kind in sorted({kind for kind, _, _ in outcomes}):
        cells = [
            ", ".join(str(outcomes[kind, damage, outcome]) for outcome in ("refused", "image", "another"))
            for damage in DAMAGES
        ]
        print(f"| {kind} |", " | ".join(cells), "|")


def _outcome(whole: Whole, data: bytes) -> str:
    pixels = _pixels_of(data)
    if pixels is None:
        return "refused"
    if whole.kind in JPEGS and (np.abs(pixels.astype(int) - 128).max(axis=2) <= 1).mean() > GREY:
        return "GREY"
    right = _right_pixels_of(whole.data)
    if right is None or right.shape != pixels.shape:
        return "another"
    away = np.abs(pixels.astype(np.int16) - right).max(axis=2) > OTHER
    return "another" if away.mean() > OTHER_SHARE else "image"


def _pixels_of(data: bytes) -> Pixels | None:
    try:
        opened = open_image(data, MOST_PIXELS)
        if opened.header.animated:
            return None
        pixels = decode(opened).pixels
    except Refused:
        return None
    assert pixels.dtype == np.uint8
    assert pixels.shape == (opened.header.height, opened.header.width, 3)
    return pixels


_right_pixels_of = cache(_pixels_of)


if __name__ == "__main__":
    main()
