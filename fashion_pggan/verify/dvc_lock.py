"""Finds entries of dvc.lock that are not what DVC wrote: they are no hashes, or contradict what is there."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fashion_pggan.paths import to_type
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.verify.stage_outputs import LOCK, md5_there, object_of

MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


def lock_fault(repository: Path, cache: Path) -> str:
    """What is wrong with a dvc.lock that can be parsed, and how to mend it; empty if nothing is.

    Args:
        repository: its repository.
        cache: DVC's.
    """
    stages = yaml.safe_load(read_text(repository / LOCK)).get("stages") or {}
    wrong = [
        f"{fault}: get it back (git checkout {LOCK}), or, if files are right, {to_type('dvc commit', stage)}"
        for stage, facts in stages.items()
        for part in ("deps", "outs")
        for entry in facts.get(part, ())
        for fault in _faults(repository, cache, entry, part)
    ]
    more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
    return f"{wrong[0]}{more}" if wrong else ""


def _faults(repository: Path, cache: Path, entry: Mapping[str, Any], part: str) -> Iterator[str]:
    path, md5 = entry.get("path"), entry.get("md5")
    if not isinstance(path, str) or not isinstance(md5, str) or not MD5.fullmatch(md5):
        yield f"its md5 of {path} is none ({md5})"
    elif (kind := entry.get("hash", "md5")) != "md5":
        yield f"its hash of {path} is {kind}, not md5"
    elif (repository / path).exists():
        numbers = _numbers_of(repository / path)
        wrong = [name for name, number in numbers.items() if entry.get(name, number) != number]
        lacking = part == "outs" and cache.is_dir() and not object_of(md5, cache).exists()
        there = md5_there(repository / path) if wrong or lacking else md5
        if there == md5:
            yield from (f"its {name} of {path} is {entry[name]}, not {numbers[name]}" for name in wrong)
        elif lacking and object_of(there, cache).exists():
            yield f"its md5 of {path} is {md5}, but what is there, and in DVC's cache, has {there}"


def _numbers_of(path: Path) -> dict[str, int]:
    """The size of an output in bytes; of a folder also how many files are in it."""
    if not path.is_dir():
        return {"size": path.stat().st_size}
    files = [os.path.join(here, name) for here, _, names in os.walk(path) for name in names]  # noqa: PTH118
    sizes = [os.stat(name).st_size for name in files if os.path.exists(name)]  # noqa: PTH110, PTH116
    return {"size": sum(sizes), "nfiles": len(files)}
