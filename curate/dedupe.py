"""Exact duplicates: the same bytes, or the same pixels in another file."""

import hashlib

from curate.measure import Pixels


def pixels_hash(pixels: Pixels) -> str:
    """Equal for equal pictures, however they were encoded."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


class Seen:
    """The pictures so far, by what they show."""

    def __init__(self) -> None:
        self.first: dict[str, str] = {}

    def original_of(self, what: str, sha256: str) -> str:
        """The file that first showed `what`: `sha256` itself when it is the first."""
        return self.first.setdefault(what, sha256)
