"""One image from file to facts and levels."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2

from curate.facts.row import Row, row_of, seen_in
from curate.judge import Reason, judge_row, too_many_pixels
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import Pixels
from curate.squares.crop import ground_of, square_of
from curate.squares.levels import Flat, flat_of, levels_of
from curate.workers.local import ITEM_LIMIT_S, Each
from fashion_pggan.params import CurateParams


@dataclass(frozen=True)
class Examined:
    """What came of an image: its facts, and its levels where they are wanted."""

    facts: Row
    levels: Flat | None = None


def examine(path: Path, params: CurateParams) -> Examined:
    """Decode and measure the image in a file; crop and reduce it when nothing speaks against its use."""
    data = path.read_bytes()
    found = _examined(data, params)
    return replace(found, facts=found.facts | {"sha256": hashlib.sha256(data).hexdigest()})


def _examined(data: bytes, params: CurateParams) -> Examined:
    header = None
    try:
        opened = open_image(data)
        header = opened.header
        if too_many_pixels(header, params):
            return Examined(row_of(len(data), Reason.TOO_MANY_PIXELS, header))
        if header.animated:
            return Examined(row_of(len(data), Reason.ANIMATED, header))
        pixels, profile_ignored = decode(opened)
    except Refused as refused:
        return Examined(row_of(len(data), refused.reason, header))
    try:
        seen = seen_in(pixels, profile_ignored=profile_ignored, classifier=params.classifier)
        facts = row_of(len(data), "", header) | seen
        return Examined(facts, None if judge_row(facts, params) else _reduced(pixels, facts, params))
    except (MemoryError, cv2.error):  # too large for what a worker may take
        return Examined(row_of(len(data), Reason.DECODER_DIED, header))


def reduce(image: tuple[Path, Row], params: CurateParams) -> Flat | None:
    """The levels of an image whose facts are known, without measuring; None when it cannot be done now."""
    path, facts = image
    try:
        return _reduced(decode(open_image(path.read_bytes())).pixels, facts, params)
    except (Refused, MemoryError, cv2.error):
        return None


def _reduced(pixels: Pixels, facts: Row, params: CurateParams) -> Flat:
    square = square_of(facts, params).of(pixels, ground_of(facts))
    return flat_of(levels_of(square, params.resolution, enlarge=params.enlarge))


def examine_all(
    paths: Sequence[Path], params: CurateParams, each: Each, *, limit_s: int = ITEM_LIMIT_S
) -> Iterator[Examined]:
    """Examine images in worker processes whose death loses that image alone.

    Args:
        paths: files.
        params: the curate section.
        each: the workers.
        limit_s: seconds for one image, after which its worker is ended.

    Yields:
        Results in the order of `paths`; few are held at once.
    """
    results = each(partial(examine, params=params), paths, limit_s=limit_s)
    for path, result in zip(paths, results, strict=True):
        yield result or Examined(row_of(path.stat().st_size, Reason.DECODER_DIED, None))


def reduce_all(images: Sequence[tuple[Path, Row]], params: CurateParams, each: Each) -> Iterator[Flat | None]:
    """Reduce images whose facts are known, in their order, in worker processes; None where one died."""
    return each(partial(reduce, params=params), images)
