"""Writes a safetensors file with its own SHA-256 inside, opens it, and checks it.

The hash is computed over all bytes, with zeros in its own place.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import open_plain
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.hashes import hash_memory

KEY = "fashion_pggan"  # of the file's metadata
OPEN = "0" * 64
MOST = 1 << 20  # bytes of a file that may hold the hash
CHUNK = 1 << 20
LARGEST = 1 << 34  # bytes of a file; the networks of the paper have less than a thousandth


def write_hashed(path: Path, weights: dict[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write tensors and a header as safetensors, with the hash in the header, atomically."""
    data = save(weights, metadata={KEY: json.dumps({"sha256": OPEN, **header})})
    place = _place_of(data[:MOST], OPEN)
    sha256 = hashlib.sha256(data).hexdigest()
    write_bytes(path, b"".join([data[:place], sha256.encode(), data[place + len(OPEN) :]]))


def open_weights(path: Path) -> Any:
    """The tensors and metadata of a safetensors file, for a `with` statement.

    Raises:
        UserError: it is a pipe or a device, which safetensors would wait for, or holds more than any network.
        SafetensorError, OSError: it cannot be read.
    """
    open_plain(path, LARGEST).close()
    return safe_open(path, framework="pt")


def check_hash(path: Path, sha256: str) -> None:
    """Check a file against the hash in its header; a file that was checked before is not read again.

    Raises:
        UserError: the file has changed since it was written.
    """
    with hash_memory() as memory:
        if not memory.matches(path, sha256, lambda path: hash_without_itself(path, sha256)):
            raise UserError(
                f"{path} is damaged, its bytes are no longer those that were written: copy it from models "
                "(dvc checkout models brings that back) or from a copy of yours; dvc repro --force train "
                "writes the last ones of a finished run again"
            )


def hash_without_itself(path: Path, sha256: str) -> str:
    """The hash of a file's bytes, with zeros in place of its `sha256`; empty if it has none."""
    with path.open("rb") as file:
        start = file.read(MOST)
        place = _place_of(start, sha256)
        if place < 0:
            return ""
        digest = hashlib.sha256(start[:place] + OPEN.encode() + start[place + len(OPEN) :])
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _place_of(start: bytes, sha256: str) -> int:
    """The position of the hash, in the JSON inside the header's JSON; -1 if there is none."""
    mark = json.dumps('{"sha256": "')[1:-1].encode()
    place = start.find(mark + sha256.encode())
    return place if place < 0 else place + len(mark)
