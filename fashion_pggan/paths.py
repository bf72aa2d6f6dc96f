"""Checks paths that a person gives: they name files of this machine, and results can be written there."""

import os
import re
from pathlib import Path

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)  # s3://, and s3:/ where a slash was lost


def advice_on_path(path: str) -> str:
    """What to give in place of a URL, which would make a folder named `s3:`; empty for a path."""
    return f"give a path on this machine, no URL (./{path} if it is one)" if SCHEME.match(path) else ""


def check_file_to_write(path: Path) -> None:
    """Check before any work that a file can be written.

    Raises:
        ValueError: it cannot; the text says why and what to give.
    """
    if path.is_dir():
        raise ValueError("this is a folder: give the name of a file")
    _check_above(path)


def check_folder_to_write(path: Path) -> None:
    """Check before any work that a folder can be made or filled; raises as `check_file_to_write`."""
    if path.exists() and not path.is_dir():
        raise ValueError("this is a file: give a folder")
    _check_above(path)


def _check_above(path: Path) -> None:
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise ValueError(f"{above} is a file: give a path in a folder")
    if not path.exists() and not os.access(above, os.W_OK | os.X_OK):
        raise ValueError(f"you may not write in {above}: give another place")
