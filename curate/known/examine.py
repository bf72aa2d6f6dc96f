"""Image files in; their facts and levels out, computed one by one in worker processes."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import cv2

from curate.facts.image_facts import image_facts_of
from curate.facts.row import Row, row_of
from curate.judge import judge_row
from curate.known.worn import styles_named, with_people
from curate.people.seen import People, people_in
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from curate.source.raw import Image, changed
from curate.squares.levels import Flat
from curate.squares.reduction import reduce
from curate.workers.local import ITEM_LIMIT_S, Each
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.packed.in_shard import InShard


@dataclass(frozen=True)
class Examined:
    """An image's facts, its levels if it is usable, and the people in it if networks looked."""

    facts: Row
    levels: Flat | None = None
    people: People | None = None


def examine(image: Image, params: CurateParams, networks: str = "") -> Examined:
    """Decode and measure an image; also crop and reduce it if no rule drops it.

    Args:
        image: where to read it.
        params: the curate section.
        networks: to look for people with; empty for none.
    """
    data = image.read_bytes()
    sha256 = {"sha256": hashlib.sha256(data).hexdigest()}
    row, header, pixels = image_facts_of(data, max_pixels=params.max_pixels, classifier=params.classifier)
    if pixels is None:
        return Examined(row | sha256)
    people = people_in(pixels, networks) if networks else None
    if judge_row(with_people(row, people, styles_named(params)), params):
        return Examined(row | sha256, None, people)
    try:
        return Examined(row | sha256, reduce(pixels, row, params), people)
    except (MemoryError, cv2.error):  # too large for the memory of a worker
        return Examined(row_of(len(data), Failure.DECODER_DIED, header) | sha256)


def look(image: Image, max_pixels: int, networks: str) -> People | None:
    """The people in an image whose facts are known; None when it cannot be decoded now."""
    try:
        return people_in(decode(open_image(image.read_bytes(), max_pixels)).pixels, networks)
    except (Refused, MemoryError, cv2.error):
        return None


def reduce_file(known: tuple[Image, Row], params: CurateParams) -> Flat | None:
    """The levels of an image whose facts are known; None when it cannot be decoded now.

    Raises:
        UserError: its bytes have changed since its facts were measured.
    """
    image, facts = known
    data = image.read_bytes()
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise changed({facts["sha256"]: image})
    try:
        return reduce(decode(open_image(data, params.max_pixels)).pixels, facts, params)
    except (Refused, MemoryError, cv2.error):
        return None


def examine_all(
    images: Sequence[Image],
    params: CurateParams,
    each: Each,
    *,
    networks: str = "",
    limit_s: int = ITEM_LIMIT_S,
) -> Iterator[Examined]:
    """Examine images in worker processes; a process that dies loses one image.

    Args:
        images: where to read them.
        params: the curate section.
        each: the workers.
        networks: to look for people with; empty for none.
        limit_s: seconds for one image; then its process is ended.

    Yields:
        Results in the order of `images`; only a few are held at once.
    """
    results = each(partial(examine, params=params, networks=networks), images, limit_s=limit_s)
    for image, result in zip(images, results, strict=True):
        yield result or Examined(row_of(_size_of(image), Failure.DECODER_DIED, None))


def look_all(
    images: Sequence[Image], params: CurateParams, each: Each, networks: str
) -> Iterator[People | None]:
    """The people in images whose facts are known, in their order; None where a worker died."""
    return each(partial(look, max_pixels=params.max_pixels, networks=networks), images)


def reduce_all(
    images: Sequence[tuple[Image, Row]], params: CurateParams, each: Each
) -> Iterator[Flat | None]:
    """Reduce images whose facts are known, in their order, in worker processes; None where one died."""
    return each(partial(reduce_file, params=params), images)


def _size_of(image: Image) -> int:
    return image.size if isinstance(image, InShard) else image.stat().st_size
