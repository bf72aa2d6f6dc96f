"""Damages files as disks do: flips single bits and keeps the file's times."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def flips(path: Path, count: int, seed: int = 0) -> Iterator[int]:
    """Flip one bit of a file, `count` times at different places; between two flips the file is as it was.

    Args:
        path: the file; size, modification time and mode stay.
        count: flips.
        seed: of the places.

    Yields:
        The flipped bit's place, counted from the file's first bit, while it is flipped.
    """
    bits = 8 * path.stat().st_size
    for place in random.Random(seed).sample(  # noqa: S311  # places, no secrets
        range(bits), min(count, bits)
    ):
        with flipped(path, place):
            yield place


@contextmanager
def flipped(path: Path, place: int) -> Iterator[None]:
    """Flip a bit for a while."""
    flip(path, place)
    try:
        yield
    finally:
        flip(path, place)


def flip(path: Path, place: int) -> None:
    """Flip a bit in place: in every hard link too."""
    _change(path, place // 8, bytes([path.read_bytes()[place // 8] ^ 1 << place % 8]))


def _change(path: Path, start: int, data: bytes) -> None:
    before, mode = path.stat(), path.stat().st_mode
    path.chmod(mode | 0o200)  # DVC protects what it links
    with path.open("r+b") as file:
        file.seek(start)
        file.write(data)
    path.chmod(mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
