"""A run's whole state on disk, with a checksum; three are kept, and the newest intact one is used."""

import hashlib
import io
import logging
from pathlib import Path
from typing import Any

import torch

from fashion_pggan.storage.files import write_bytes

KEPT = 3
DIGEST_BYTES = 32

log = logging.getLogger(__name__)


def write_checkpoint(folder: Path, images_shown: int, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically, and remove all but the newest three.

    Args:
        folder: of the run.
        images_shown: the position in the run; gives the file its name.
        state: tensors, numbers, strings, and dicts and lists of them.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    write_bytes(folder / f"checkpoint-{images_shown:012d}.pt", hashlib.sha256(payload).digest() + payload)
    for old in checkpoints_in(folder)[:-KEPT]:
        old.unlink()


def checkpoints_in(folder: Path) -> list[Path]:
    """The run's checkpoints, oldest first."""
    return sorted(folder.glob("checkpoint-*.pt"))


def images_shown_of(checkpoint: Path) -> int:
    """The position in the run at which a checkpoint was written."""
    return int(checkpoint.stem.removeprefix("checkpoint-"))


def newest_state(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """The newest intact checkpoint, None if there is none; broken ones are named in the log."""
    for path in reversed(checkpoints_in(folder)):
        data = path.read_bytes()
        payload = data[DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() == data[:DIGEST_BYTES]:
            state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
            return state
        log.warning("%s is broken: using the one before it", path)
    return None
