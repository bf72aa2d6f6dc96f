"""A run's whole state on disk, with a checksum; three are kept, and the newest intact one is used."""

import hashlib
import io
import logging
import re
from pathlib import Path
from typing import Any

import torch

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.plain_file import open_plain
from fashion_pggan.storage.files import write_bytes
from train.saved.pickled import check_pickled
from train.saved.state import check_plain

KEPT = 3
DIGEST_BYTES = 32
CHUNK = 1 << 20  # bytes read at once
NAME = re.compile(r"checkpoint-([0-9]{12,})\.pt")

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
    """The run's checkpoints, oldest first, by their names."""
    return sorted(path for path in folder.glob("checkpoint-*.pt") if NAME.fullmatch(path.name))


def images_shown_of(checkpoint: Path) -> int:
    """The position in the run at which a checkpoint was written."""
    named = NAME.fullmatch(checkpoint.name)
    assert named, checkpoint
    return int(named[1])


def newest_state(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """The newest intact checkpoint, None if there is no checkpoint; broken ones are named in the log.

    Raises:
        UserError: all are broken, or an intact one is not a checkpoint of this program.
    """
    paths = checkpoints_in(folder)
    for path in reversed(paths):
        state = _read(path, device)
        if state is not None:
            return state
        log.warning("%s is damaged: using the checkpoint before it", path)
    if paths:
        raise UserError(
            f"all checkpoints in {folder} are damaged: restore them from a copy, or delete the "
            "folder to train from the start"
        )
    return None


def is_whole(path: Path) -> bool:
    """Whether a checkpoint's bytes are those that were written."""
    with open_plain(path) as file:
        said = file.read(DIGEST_BYTES)
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.digest() == said


def digest_of(checkpoint: Path) -> str:
    """The hash that a checkpoint begins with, in hexadecimal."""
    with open_plain(checkpoint) as file:
        return file.read(DIGEST_BYTES).hex()


def _read(path: Path, device: torch.device) -> dict[str, Any] | None:
    """A checkpoint's state; None: its bytes are not those that were written."""
    if not is_whole(path):  # before loading all of it into memory
        return None
    try:
        with open_plain(path) as file:
            file.seek(DIGEST_BYTES)
            payload = file.read()
        check_pickled(payload)
        state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
        check_plain(state, len(payload))
    except Exception as error:  # PyTorch does not document what it raises for made-up bytes
        raise UserError(
            f"{path} is not a checkpoint of this program ({one_line(error)}): remove it from the folder"
        ) from error
    return state
