"""Checks paths that a person gives: they name files of this machine, and results can be written there."""

import errno
import os
import re
import shlex
from pathlib import Path

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)  # s3://, and s3:/ where a slash was lost

EXPERIMENTS = (".dvc", "tmp", "exps")  # where DVC makes temporary clones
RUNS = Path("runs/train")  # where trainings are, below the repository
PROGRAM = Path(__file__).parents[1]  # the repository, or where the program is installed


def advice_on_path(path: str) -> str:
    """What to give in place of a URL, which would make a folder named `s3:`; empty for a path."""
    return f"give a path on this machine, no URL (./{path} if it is one)" if SCHEME.match(path) else ""


def advice_on_link(path: Path) -> str:
    """What is wrong with a link that leads to itself, and what to do; empty for any other path."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "is a link that leads to itself: remove it, or give another path"
    return ""


def here_or_shipped(path: Path) -> Path:
    """A file or folder that the program brings along, where there is none here; `path` in any other case."""
    return path if path.exists() or not (PROGRAM / path).exists() else PROGRAM / path


def outliving(folder: Path) -> Path:
    """A folder that outlives the outputs of stages, below the repository.

    For an experiment (`dvc exp run --temp`, and each one of a queue) DVC makes a temporary clone, and deletes
    it at the end. There it is the folder of the repository itself, so that a killed experiment loses nothing.
    """
    try:
        here = Path.cwd()
    except OSError:  # it has been deleted
        return folder
    clone = next((place for place in (here, *here.parents) if place.parts[-4:-1] == EXPERIMENTS), None)
    return clone.parents[3] / folder if clone else folder


def to_type(command: str, *words: object, runs: Path | None = None) -> str:
    """A command with its arguments, as a person can paste it into a shell.

    Args:
        command: its fixed words.
        words: its arguments.
        runs: the folder of runs that it is about; named unless it is the usual one.
    """
    elsewhere = [] if runs is None or runs in (RUNS, outliving(RUNS)) else ["--runs", runs]
    return " ".join([command, *(shlex.quote(str(word)) for word in [*words, *elsewhere])])


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
