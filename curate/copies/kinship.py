"""How a copy differs from the image that is kept in its place: in its bytes, its encoding, or its look."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np


class Kin(StrEnum):
    """What a copy has in common with the image that is kept."""

    BYTES = "bytes"
    PIXELS = "pixels"  # in another file
    NEAR = "near"  # the perceptual hash, nearly
    MIRRORED = "mirrored"  # the perceptual hash of the mirrored image, nearly


class Kinship(NamedTuple):
    """How far a copy is from the image that is kept."""

    kind: Kin
    bits: int  # of 256 in which their perceptual hashes differ


def kinship_of(copy: Mapping[str, Any], kept: Mapping[str, Any]) -> Kinship:
    """The kinship of two images, by their facts."""
    if copy["sha256"] == kept["sha256"]:
        return Kinship(Kin.BYTES, 0)
    if copy["pixels_hash"] == kept["pixels_hash"]:
        return Kinship(Kin.PIXELS, 0)
    bits = _differing(copy["phash"], kept["phash"])
    mirrored = _differing(copy["phash"], kept["phash_mirrored"])
    return Kinship(Kin.MIRRORED, mirrored) if mirrored < bits else Kinship(Kin.NEAR, bits)


def _differing(one: bytes, other: bytes) -> int:
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum())
