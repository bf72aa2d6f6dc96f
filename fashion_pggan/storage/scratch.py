"""A folder for temporary files, which the next command removes when this one is killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_pggan.storage.locks import LOCK, exclusive, holder_of, is_lock

PREFIX = "fashion-pggan-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder among the system's temporary files, for this user alone; it goes at the end of the block.

    Folders that this user's killed processes left there go first.
    """
    parent = Path(tempfile.gettempdir())
    for left_over in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another process was faster
            if left_over.lstat().st_uid == os.getuid() and _is_left(left_over):
                shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(dir=parent, prefix=PREFIX) as name, exclusive(Path(name)):
        yield Path(name)


def _is_left(folder: Path) -> bool:
    return not folder.is_symlink() and is_lock(folder / LOCK) and holder_of(folder) is None
