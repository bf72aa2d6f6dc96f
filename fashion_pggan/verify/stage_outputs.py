"""Checks outputs of stages against dvc.lock and DVC's cache: which files are changed, missing or foreign.

DVC itself takes a file for unchanged while its size, time and inode stay. This check reads every byte.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fashion_pggan.cores import usable_cores
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.paths import to_type
from fashion_pggan.storage.bounded.plain_file import open_plain, read_bytes, read_text
from fashion_pggan.verify.findings import MISSING, Faults, Unknown

LOCK, PIPELINE = "dvc.lock", "dvc.yaml"
REPORTS = "reports"  # the folder of stages' reports
PARTS = ("outs", "metrics", "plots")  # keys of a stage in dvc.yaml that name what it writes
CHANGED = "it is not what dvc.lock says: damaged, edited, or written without dvc repro"
FOREIGN = "dvc.lock does not list it: it is not of the stage, or was written without dvc repro"
MOST_LIST = 1 << 30  # bytes of the list of a folder's files
FOLDER = ".dir"  # the ending of a folder's MD5, which is that of the list of its files


@dataclass(frozen=True)
class Output:
    """A file or folder that a stage wrote."""

    stage: str
    path: str  # below the repository
    md5: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(FOLDER)


def outputs_of(repository: Path) -> list[Output]:
    """The outputs in dvc.lock; none if there is no dvc.lock.

    Raises:
        UserError: dvc.lock cannot be read.
    """
    try:
        said = yaml.safe_load(read_text(repository / LOCK))
        return [
            Output(str(stage), str(out["path"]), str(out["md5"]))
            for stage, facts in (said.get("stages") or {}).items()
            for out in facts.get("outs", ())
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise UserError(
            f"{repository / LOCK} cannot be read ({one_line(error)}): get it back (git checkout {LOCK})"
        ) from error


def unlocked(repository: Path, found: Iterable[Output]) -> Faults:
    """The files that are where dvc.yaml has stages write, but are not in dvc.lock."""
    known = {output.path for output in found}
    for path in sorted((repository / REPORTS).rglob("*")):
        if path.is_file() and path.relative_to(repository).as_posix() not in known:
            yield path, Unknown(f"{LOCK} does not name it, and it carries no hash")
    try:
        stages = yaml.safe_load(read_text(repository / PIPELINE))["stages"]
        outs = [out for stage in stages.values() for part in PARTS for out in stage.get(part, ())]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return  # DVC says what is wrong with it
    for name in (out if isinstance(out, str) else next(iter(out)) for out in outs):
        if name not in known and (repository / name).exists():
            yield (
                repository / name,
                Unknown(f"{LOCK} does not name it: its stage ran without DVC, or did not finish"),
            )


def faults(repository: Path, outputs: Iterable[Output], cache: Path) -> Faults:
    """Each file of some outputs with what is wrong with it; empty when it is intact.

    Args:
        repository: their repository.
        outputs: some of `outputs_of`.
        cache: DVC's.
    """
    for output in outputs:
        path = repository / output.path
        if not path.exists():
            yield path, f"{MISSING}; {_way_back(output, cache)}"
        elif output.is_folder:
            yield from _of_folder(path, output, cache)
        else:
            yield path, "" if path.is_file() and md5_of(path) == output.md5 else CHANGED


def listed(output: Output, cache: Path) -> dict[str, str] | None:
    """The MD5 of each file of a folder, by path, from DVC's cache; None if its list there is damaged."""
    try:
        text = read_bytes(object_of(output.md5, cache), MOST_LIST)
    except (OSError, UserError):
        return None
    if _md5(text) + FOLDER != output.md5:
        return None
    return {entry["relpath"]: entry["md5"] for entry in json.loads(text)}


def object_of(md5: str, cache: Path) -> Path:
    """Where DVC's cache has the bytes of an MD5."""
    return cache / "files/md5" / md5[:2] / md5[2:]


def md5_of(path: Path) -> str:
    """MD5 of a file's bytes, in hexadecimal; empty if they cannot be read."""
    try:
        with open_plain(path) as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except (OSError, UserError):  # a bad block, a folder or a pipe in its place
        return ""


def md5_there(path: Path) -> str:
    """The MD5 of a file or folder as DVC computes it."""
    return _md5(_list_of(dict(_read(path)))) + FOLDER if path.is_dir() else md5_of(path)


def _of_folder(folder: Path, output: Output, cache: Path) -> Faults:
    if not folder.is_dir():
        yield folder, CHANGED
        return
    there, said = dict(_read(folder)), listed(output, cache)
    if said is None:
        whole = _md5(_list_of(there)) + FOLDER == output.md5
        yield folder, "" if whole else f"{CHANGED}; DVC's cache has no list that would tell which file"
        if not whole:
            yield from ((folder / name, Unknown("DVC's cache has no list")) for name in there)
            return
        said = there
    for name in sorted(said.keys() | there.keys()):
        yield folder / name, _fault(said.get(name), there.get(name))


def _way_back(output: Output, cache: Path) -> str:
    if object_of(output.md5, cache).is_file():
        return f"{to_type('dvc checkout', output.path)} brings it back from DVC's cache"
    return (
        f"DVC's cache does not have it either: run dvc pull if there is a remote, or dvc repro {output.stage}"
    )


def _fault(said: str | None, there: str | None) -> str:
    if there is None:
        return MISSING
    if said is None:
        return FOREIGN
    return "" if said == there else CHANGED


def _read(folder: Path) -> Iterator[tuple[str, str]]:
    paths = [Path(here) / name for here, _, names in os.walk(folder) for name in names]
    with ThreadPoolExecutor(usable_cores()) as threads:  # hashing lets other threads run
        for path, md5 in zip(paths, threads.map(md5_of, paths), strict=True):
            yield path.relative_to(folder).as_posix(), md5


def _list_of(files: Mapping[str, str]) -> bytes:
    """The list as DVC writes it."""
    entries: list[dict[str, Any]] = [{"md5": md5, "relpath": name} for name, md5 in sorted(files.items())]
    return json.dumps(entries, sort_keys=True).encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
