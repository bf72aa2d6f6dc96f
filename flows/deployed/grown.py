"""Whether the dataset has grown since the last training: the size of it that training was shown is noted."""

import json
from pathlib import Path

from prefect import get_run_logger

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import write_text
from flows.deployed.artifacts import REPORTS

TRAINED = Path("runs/flows/trained")  # the size of the dataset at the last training, in images


def note_training() -> None:
    """Note the size of the dataset, which the newest model was trained on."""
    write_text(TRAINED, f"{_images()}\n")


def has_grown(least: int) -> bool:
    """Whether the dataset has so many more images than at the last training; always, for 0 or without a note.

    Raises:
        UserError: the note is damaged.
    """
    if not least or not TRAINED.is_file():
        return True
    try:
        new = _images() - int(TRAINED.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{TRAINED} holds no number of images: delete it to count from now on") from error
    if new < least:
        say = get_run_logger().info
        say("%d new images since the last training, below min_new_images %d: nothing is trained", new, least)
    return new >= least


def _images() -> int:
    return int(json.loads(read_text(REPORTS / "curate.json"))["kept"])
