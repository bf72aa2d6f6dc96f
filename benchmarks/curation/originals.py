"""`python -m benchmarks.curation.originals DIR`: how often an original is kept rather than a copy of it."""

import argparse
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from benchmarks.curation.photographs import photographs_in
from curate.copies.best import best_among
from curate.facts.detail import Detail, detail_of
from curate.facts.evidence import Quality, quality_of
from curate.facts.view import View
from curate.pixels.decode import decode, open_image
from curate.pixels.measure import Pixels, pixels_hash
from fashion_pggan.command.edge import run_command

MEASURES: dict[type, Callable[[View], object]] = {Detail: detail_of, Quality: quality_of}
AREA, LANCZOS = cv2.INTER_AREA, cv2.INTER_LANCZOS4
FIRST, COPIED = 85, 92  # qualities of the JPEGs of originals and copies


def _scaled(by: float, how: int) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(cv2.resize(pixels, None, fx=by, fy=by, interpolation=how), np.uint8)


def _sharpened(pixels: Pixels) -> Pixels:
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    return np.asarray(cv2.addWeighted(pixels, 1.8, soft, -0.8, 0), np.uint8)


def _framed(share: float, colour: int) -> Callable[[Pixels], Pixels]:
    def framed(pixels: Pixels) -> Pixels:
        down, across = (round(side * share) for side in pixels.shape[:2])
        return np.asarray(
            cv2.copyMakeBorder(pixels, down, down, across, across, cv2.BORDER_CONSTANT, value=(colour,) * 3)
        )

    return framed


def _on_one_side(pixels: Pixels) -> Pixels:
    more = pixels.shape[0] // 3
    return np.asarray(cv2.copyMakeBorder(pixels, 0, 0, 0, more, cv2.BORDER_CONSTANT, value=(255,) * 3))


def _banner(pixels: Pixels) -> Pixels:
    shown, height = pixels.copy(), pixels.shape[0]
    shown[-height // 8 :] = 200, 30, 40
    at = round(height * 0.02), height - height // 30
    return np.asarray(
        cv2.putText(shown, "SALE 50% OFF TODAY", at, cv2.FONT_HERSHEY_SIMPLEX, height / 550, (255,) * 3, 2)
    )


def _then(*steps: Callable[[Pixels], Pixels]) -> Callable[[Pixels], Pixels]:
    def made(pixels: Pixels) -> Pixels:
        for step in steps:
            pixels = step(pixels)
        return pixels

    return made


WORSE = {
    "a white frame of 10 %": _framed(0.1, 255),
    "a dark frame of 2 %": _framed(0.02, 20),
    "white at the right side": _on_one_side,
    "enlarged by 1.3, bilinear": _scaled(1.3, cv2.INTER_LINEAR),
    "enlarged by 1.3, Lanczos": _scaled(1.3, LANCZOS),
    "enlarged by 1.5, Lanczos": _scaled(1.5, LANCZOS),
    "enlarged by 2, bilinear": _scaled(2, cv2.INTER_LINEAR),
    "enlarged by 2, Lanczos": _scaled(2, LANCZOS),
    "enlarged by 2, Lanczos, sharpened": _then(_scaled(2, LANCZOS), _sharpened),
    "enlarged by 2, then a white frame": _then(_scaled(2, LANCZOS), _framed(0.1, 255)),
    "enlarged by 1.3, then a banner": _then(_scaled(1.3, LANCZOS), _banner),
    "a banner": _banner,
    "reduced by 0.85, area": _scaled(0.85, AREA),
    "reduced by 0.7, area": _scaled(0.7, AREA),
    "reduced by 0.5, area": _scaled(0.5, AREA),
    "reduced by 0.5, area, sharpened": _then(_scaled(0.5, AREA), _sharpened),
    "reduced by 0.7, area, sharpened": _then(_scaled(0.7, AREA), _sharpened),
    "reduced by 0.7, then a white frame": _then(_scaled(0.7, AREA), _framed(0.25, 255)),
}


def main() -> None:
    """Print for each kind of copy the share of originals that are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.originals", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--every", type=int, default=15)
    arguments = parser.parse_args()
    kept = dict.fromkeys(WORSE, 0)
    count = 0
    for pixels in photographs_in(arguments.images, every=arguments.every):
        original, count = _jpeg(pixels, FIRST), count + 1
        shown = decode(open_image(original)).pixels
        for name, alter in WORSE.items():
            kept[name] += _is_kept(original, _jpeg(alter(shown), COPIED))
    print(f"| copy, of {count} | the original is kept |\n|---|---|")
    for name, number in kept.items():
        print(f"| {name} | {number / count:.2f} |")


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    shown = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _is_kept(original: bytes, copy: bytes) -> bool:
    """Whether the original is the best of the two."""
    files = {hashlib.sha256(data).hexdigest(): data for data in (original, copy)}
    names = sorted(files)
    opened = [open_image(files[name]) for name in names]
    views = {name: View(decode(each).pixels) for name, each in zip(names, opened, strict=True)}

    def measured(kind: type, asked: Sequence[str]) -> pa.Table:
        return pa.Table.from_pylist([asdict(MEASURES[kind](views[name])) for name in asked])  # type: ignore[call-overload]

    columns = {
        name: np.asarray([getattr(each.header, name) for each in opened]) for name in ("format", "width")
    }
    columns |= {
        name: np.asarray([getattr(each.header, name) for each in opened], float)
        for name in ("height", "jpeg_quality")
    }
    columns["sha256"] = np.asarray(names)
    columns["pixels_hash"] = np.asarray([pixels_hash(views[name].pixels) for name in names])
    columns["size"] = np.asarray([len(files[name]) for name in names], float)
    best = best_among(columns, np.asarray([[0, 1]]), measured)
    return bool(names[best[0]] == hashlib.sha256(original).hexdigest())


if __name__ == "__main__":
    run_command(main)
