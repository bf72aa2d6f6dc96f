"""Image files in; their facts and levels out, computed one by one in worker processes."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from curate.facts.image_facts import image_facts_of
from curate.facts.row import Row, row_of
from curate.judge import judge_row
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from curate.source.raw import changed
from curate.squares.levels import Flat
from curate.squares.reduction import reduce
from curate.workers.local import ITEM_LIMIT_S, Each
from fashion_pggan.params import CurateParams


@dataclass(frozen=True)
class Examined:
    """An image's facts, and its levels if it is usable."""

    facts: Row
    levels: Flat | None = None


def examine(path: Path, params: CurateParams) -> Examined:
    """Decode and measure the image in a file; also crop and reduce it if no rule drops it."""
    data = path.read_bytes()
    sha256 = {"sha256": hashlib.sha256(data).hexdigest()}
    row, header, pixels = image_facts_of(data, max_pixels=params.max_pixels, classifier=params.classifier)
    if pixels is None or judge_row(row, params):
        return Examined(row | sha256)
    try:
        return Examined(row | sha256, reduce(pixels, row, params))
    except (MemoryError, cv2.error):  # too large for the memory of a worker
        return Examined(row_of(len(data), Failure.DECODER_DIED, header) | sha256)


def reduce_file(image: tuple[Path, Row], params: CurateParams) -> Flat | None:
    """The levels of an image whose facts are known; None when it cannot be decoded now.

    Raises:
        UserError: the file's bytes have changed since its facts were measured.
    """
    path, facts = image
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise changed([path])
    try:
        return reduce(decode(open_image(data, params.max_pixels)).pixels, facts, params)
    except (Refused, MemoryError, cv2.error):
        return None


def examine_all(
    paths: Sequence[Path], params: CurateParams, each: Each, *, limit_s: int = ITEM_LIMIT_S
) -> Iterator[Examined]:
    """Examine images in worker processes; a process that dies loses one image.

    Args:
        paths: files.
        params: the curate section.
        each: the workers.
        limit_s: seconds for one image; then its process is ended.

    Yields:
        Results in the order of `paths`; only a few are held at once.
    """
    results = each(partial(examine, params=params), paths, limit_s=limit_s)
    for path, result in zip(paths, results, strict=True):
        yield result or Examined(row_of(path.stat().st_size, Failure.DECODER_DIED, None))


def reduce_all(images: Sequence[tuple[Path, Row]], params: CurateParams, each: Each) -> Iterator[Flat | None]:
    """Reduce images whose facts are known, in their order, in worker processes; None where one died."""
    return each(partial(reduce_file, params=params), images)
