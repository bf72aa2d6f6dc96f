"""Checks every object in DVC's cache against the MD5 in its name, and every remembered run against its hash.

DVC itself takes a read-only object for intact, and pushes and checks out whatever is in it.
"""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fashion_pggan.cores import usable_cores
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.verify.findings import MISSING, Faults
from fashion_pggan.verify.stage_outputs import Output, listed, md5_of, object_of

OBJECTS = Path("files/md5")  # below the cache's folder
RUNS = "runs/*/*/*"
NAME = re.compile(r"[0-9a-f]{30}(\.dir)?")  # the rest of an MD5, after the folder of its first two digits
RUN = re.compile(r"[0-9a-f]{64}")
MEND = (
    "delete the damaged files and the outputs made from them; then run dvc pull to fetch them from an "
    "intact remote, or dvc repro to make them again; run dvc commit to add missing objects"
)
CHANGED = "its content is not what its name says"


def cache_folder(repository: Path) -> Path:
    """Where DVC keeps the objects of a repository: cache.dir in its configuration, else .dvc/cache."""
    folder = _configuration(repository)["cache"].get("dir")
    return Path(folder) if folder else repository / ".dvc/cache"


def faults(repository: Path, outputs: list[Output], cache: Path) -> Faults:
    """Each file of the cache with what is wrong with it, and what it lacks of the workspace's outputs."""
    damaged = set(damaged_objects(cache))
    for path in objects(cache):
        yield path, CHANGED if path in damaged else ""
    if not (cache / OBJECTS).is_dir():
        return
    for output in (output for output in outputs if (repository / output.path).exists()):
        for md5 in {output.md5, *(listed(output, cache) or {}).values()}:
            if not object_of(md5, cache).exists():
                yield object_of(md5, cache), f"{MISSING}, and {output.path} is of it"
    for path in sorted(cache.glob(RUNS)):
        if RUN.fullmatch(path.name):
            yield path, _run_fault(path)


def objects(cache: Path) -> list[Path]:
    """Every object in a cache, by name, except those that DVC is still writing; none if there is no cache."""
    found = (cache / OBJECTS).glob("[0-9a-f][0-9a-f]/*")
    return sorted(path for path in found if NAME.fullmatch(path.name))


def damaged_objects(cache: Path) -> Iterator[Path]:
    """Read every object in a cache and yield those whose content does not match their name."""
    with ThreadPoolExecutor(usable_cores()) as threads:  # hashing lets other threads run
        paths = objects(cache)
        yield from (path for path, good in zip(paths, threads.map(_is_whole, paths), strict=True) if not good)


def _is_whole(path: Path) -> bool:
    # DVC may have removed it since it was listed
    return md5_of(path) == path.parent.name + path.name.removesuffix(".dir") or not os.path.lexists(path)


def _run_fault(path: Path) -> str:
    """What is wrong with a run that DVC remembers, by the hashes that name its file and its folder."""
    from dvc.stage.cache import _get_cache_hash
    from dvc.utils.serialize import YAMLFileCorruptedError, load_yaml

    try:
        said = load_yaml(path)
        names = _get_cache_hash(said), _get_cache_hash(said, key=True)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, YAMLFileCorruptedError) as error:
        return one_line(error)
    return "" if names == (path.name, path.parent.name) else CHANGED


def _configuration(repository: Path) -> Any:
    from dvc.config import Config, ConfigError  # most of a second

    try:
        return dict(Config(str(repository / ".dvc")))
    except ConfigError as error:
        raise UserError(
            f"DVC's configuration in {repository / '.dvc'} cannot be read ({one_line(error)}): correct it"
        ) from error
