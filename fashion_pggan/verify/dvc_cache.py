"""DVC's cache: every object's content against the MD5 that is its name.

DVC itself takes an object for whole when the file is read-only, and sends and checks out what is in it.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError, one_line

OBJECTS = Path("files/md5")  # below the cache's folder
NAME = re.compile(r"[0-9a-f]{30}(\.dir)?")  # the rest of an MD5, behind the folder of its first two digits
MEND = (
    "delete these files and the output that came from them; then dvc pull fetches them from a remote "
    "that has them whole, and dvc repro makes the output again where none has"
)


def cache_folder(repository: Path) -> Path:
    """Where DVC keeps the objects of a repository: cache.dir in its configuration, else .dvc/cache."""
    folder = _configuration(repository)["cache"].get("dir")
    return Path(folder) if folder else repository / ".dvc/cache"


def objects(cache: Path) -> list[Path]:
    """Every object in a cache, by name, without what DVC is still writing; none where there is no cache."""
    found = (cache / OBJECTS).glob("[0-9a-f][0-9a-f]/*")
    return sorted(path for path in found if NAME.fullmatch(path.name))


def damaged_objects(cache: Path) -> Iterator[Path]:
    """Read every object in a cache and yield those whose content is not what their name says."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # hashing lets other threads run
        paths = objects(cache)
        yield from (path for path, good in zip(paths, threads.map(_is_whole, paths), strict=True) if not good)


def _is_whole(path: Path) -> bool:
    name = path.parent.name + path.name.removesuffix(".dir")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == name
    except FileNotFoundError:  # DVC has removed it since it was listed
        return True
    except OSError:  # a bad block: nobody can read it
        return False


def _configuration(repository: Path) -> Any:
    from dvc.config import Config, ConfigError  # most of a second

    try:
        return dict(Config(str(repository / ".dvc")))
    except ConfigError as error:
        raise UserError(
            f"DVC's configuration in {repository / '.dvc'} cannot be read ({one_line(error)}): correct it"
        ) from error
