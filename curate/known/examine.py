"""Image files in; their facts and levels out, computed one by one in worker processes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import cv2

from curate.facts.image_facts import image_facts_of
from curate.facts.row import Row, row_of
from curate.facts.view import View
from curate.judge import dropped_by_header, judge_row
from curate.known.asked import MEASURES, Kind
from curate.known.worn import styled
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from curate.source.raw import Image, changed
from curate.squares.levels import Flat
from curate.squares.reduction import reduce
from curate.workers.local import ITEM_LIMIT_S, Each
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.packed.in_shard import InShard

Measured = Mapping[str, Row]  # the facts that were asked for, by the name of their kind


@dataclass(frozen=True)
class Examined:
    """An image's facts, its levels if it is usable, and what else was measured of it."""

    facts: Row
    levels: Flat | None = None
    measured: Measured = field(default_factory=dict)


def examine(image: Image, params: CurateParams, kinds: Sequence[Kind] = ()) -> Examined:
    """Decode and measure an image, unless its header drops it; crop and reduce it if no rule drops it.

    Args:
        image: where to read it.
        params: the curate section.
        kinds: what to measure besides the facts of every image.
    """
    data = image.read_bytes()
    sha256 = {"sha256": hashlib.sha256(data).hexdigest()}
    row, header, view = image_facts_of(
        data, max_pixels=params.max_pixels, needless=partial(dropped_by_header, params=params)
    )
    if view is None:
        return Examined(row | sha256)
    try:
        measured = _measured(view, kinds)
        facts = all_facts(row, measured)
        levels = None if judge_row(facts, params) else reduce(view.pixels, facts, params)
        return Examined(row | sha256, levels, measured)
    except (MemoryError, cv2.error):  # too large for the memory of a worker
        return Examined(row_of(len(data), Failure.DECODER_DIED, header) | sha256)


def all_facts(row: Row, measured: Measured) -> Row:
    """The facts of an image and its style; None for what was not measured, an empty text for the style."""
    facts = dict.fromkeys(MEASURES.names) | {"style": ""} | row
    for more in measured.values():
        facts |= more
    return facts | styled(facts)


def measure_file(asked: tuple[Image, str], kinds: Sequence[Kind], max_pixels: int) -> Measured | None:
    """Facts of an image that was decoded before; None when it cannot be decoded now.

    Args:
        asked: where to read it, and the SHA-256 that it had.
        kinds: what to measure.
        max_pixels: a larger image is not decoded.

    Raises:
        UserError: its bytes have changed.
    """
    image, sha256 = asked
    try:
        return _measured(View(decode(open_image(_bytes_of(image, sha256), max_pixels)).pixels), kinds)
    except (Refused, MemoryError, cv2.error):
        return None


def _measured(view: View, kinds: Sequence[Kind]) -> Measured:
    return {kind.name: asdict(kind.measure(view)) for kind in kinds}


def _bytes_of(image: Image, sha256: str) -> bytes:
    data = image.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise changed({sha256: image})
    return data


def reduce_file(known: tuple[Image, Row], params: CurateParams) -> Flat | None:
    """The levels of an image whose facts are known; None when it cannot be decoded now.

    Raises:
        UserError: its bytes have changed since its facts were measured.
    """
    image, facts = known
    data = _bytes_of(image, facts["sha256"])
    try:
        return reduce(decode(open_image(data, params.max_pixels)).pixels, facts, params)
    except (Refused, MemoryError, cv2.error):
        return None


def examine_all(
    images: Sequence[Image],
    params: CurateParams,
    each: Each,
    *,
    kinds: Sequence[Kind] = (),
    limit_s: int = ITEM_LIMIT_S,
) -> Iterator[Examined]:
    """Examine images in worker processes; a process that dies loses one image.

    Args:
        images: where to read them.
        params: the curate section.
        each: the workers.
        kinds: what to measure besides the facts of every image.
        limit_s: seconds for one image; then its process is ended.

    Yields:
        Results in the order of `images`; only a few are held at once.
    """
    results = each(partial(examine, params=params, kinds=kinds), images, limit_s=limit_s)
    for image, result in zip(images, results, strict=True):
        yield result or Examined(row_of(_size_of(image), Failure.DECODER_DIED, None))


def measure_all(
    images: Sequence[tuple[Image, str]], kinds: Sequence[Kind], params: CurateParams, each: Each
) -> Iterator[Measured | None]:
    """`measure_file` in worker processes, in the order of the images; None also where one died."""
    return each(partial(measure_file, kinds=kinds, max_pixels=params.max_pixels), images)


def reduce_all(
    images: Sequence[tuple[Image, Row]], params: CurateParams, each: Each
) -> Iterator[Flat | None]:
    """Reduce images whose facts are known, in their order, in worker processes; None where one died."""
    return each(partial(reduce_file, params=params), images)


def _size_of(image: Image) -> int:
    return image.size if isinstance(image, InShard) else image.stat().st_size
