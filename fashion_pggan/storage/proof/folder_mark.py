"""Marks list what this program wrote into a folder, with hashes, so that it deletes nothing else."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.plain_file import open_plain, read_text
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.hashes import HashMemory, hash_memory, hashed_json, values_of
from fashion_pggan.storage.seal import DamagedError, seal_of

MARK = ".fashion-pggan.json"
RECORDS = "records.parquet"  # stands for a mark in a crawl's outcome
MOST = 1 << 30  # bytes of a mark: five million names
KEYS = {"kind", "names", "texts", "files", "large"}  # texts and large: of former versions
END = 1 << 16  # bytes at the beginning and at the end of a large file


@dataclass(frozen=True)
class Written:
    """What this program wrote into a folder: paths below it, with slashes."""

    names: frozenset[str]
    files: Mapping[str, str] = field(default_factory=dict)  # the SHA-256
    large: Mapping[str, str] = field(default_factory=dict)  # what `ends_of` says, in former versions

    def fits(self, path: Path, name: str, memory: HashMemory) -> bool:
        """Whether a file is what was written under a name.

        Raises:
            OSError: it cannot be read.
        """
        if sha256 := self.files.get(name):
            return memory.matches(path, sha256)
        return name not in self.large or ends_of(path) == self.large[name]


def text_of_mark(kind: str, folder: Path, names: Iterable[str]) -> str:
    """The mark of a folder with these files."""
    files = {name: sha256_of(folder / name) for name in names}
    return hashed_json({"kind": kind, "names": [*files], "files": files})


def read_mark(kind: str) -> Callable[[Path], Written | str]:
    """A reader of marks of one kind, see `fashion_pggan.storage.targets.Kind`."""

    def read(folder: Path) -> Written | str:
        try:
            said, written = _read(folder)
        except FileNotFoundError:
            return Written(frozenset())
        except (OSError, ValueError) as error:
            return f"its {MARK} is damaged ({one_line(error)}): get it back (dvc checkout), or move it away"
        if said["kind"] != kind:
            return f"it is {said['kind']}, not {kind}: move it away, or give another folder"
        if "files" not in said:
            return (
                "a former version wrote it, without hashes that tell an edited file: move it away, or delete "
                "it if nothing in it is yours"
            )
        return written

    return read


def written_in(folder: Path) -> Written:
    """What the mark of a folder says, of any kind; marks of earlier versions list only names.

    Raises:
        OSError: there is no mark.
        ValueError: the mark is damaged.
    """
    return _read(folder)[1]


def kind_in(folder: Path) -> str:
    """What the mark of a folder says that it is.

    Raises:
        FileNotFoundError: there is no mark.
        UserError: the mark is damaged.
    """
    return str(_undamaged(folder)[0]["kind"])


def check_unchanged(folder: Path, for_people: str = "") -> frozenset[str]:
    """Check all files of a folder against its mark, and return their names.

    Args:
        folder: with a mark.
        for_people: the name of a file that people may edit; it must be there.

    Raises:
        UserError: the mark is damaged, or a file is missing or is not what was written.
    """
    _, written = _undamaged(folder)
    with hash_memory() as memory:
        for name in sorted(written.names):
            path = folder / name
            if not path.is_file():
                raise UserError(f"{path} is missing, the folder's mark lists it: write {folder} again")
            if name != for_people and not written.fits(path, name, memory):
                raise UserError(f"{path} is not what was written, by its SHA-256: write {folder} again")
    return written.names


def check_marked(path: Path) -> None:
    """Make sure that a file is the one that its folder's mark lists: not damaged, nor of another run.

    Raises:
        UserError: it is another one, or listed and missing. A folder without a mark, of an earlier version,
            passes.
        OSError: the file cannot be read.
    """
    folder = path.parent
    if not (folder / MARK).is_file():
        return
    _, written = _undamaged(folder)
    if not path.exists():
        if path.name in written.names:
            raise UserError(f"{path} is missing, the folder's mark lists it: write {folder} again")
        return
    with hash_memory() as memory:
        if not written.fits(path, path.name, memory):
            raise UserError(f"{path} is not the file that was written with {folder}: write {folder} again")


def check_not_within(path: Path) -> None:
    """Make sure that a place to write at lies in no folder that is replaced as a whole.

    Raises:
        UserError: it does.
    """
    for folder in {*path.absolute().parents, *path.resolve().parents}:
        if (folder / MARK).is_file() or _is_sealed(folder / RECORDS):
            raise UserError(f"{path} lies in {folder}, which is replaced as a whole: give a place outside")


def ends_of(path: Path) -> str:
    """The size of a file, and a hash of its first and last bytes: cheap to read, and its alone."""
    with open_plain(path) as file:
        digest = hashlib.sha256(file.read(END))
        size = file.seek(0, 2)
        file.seek(max(END, size - END))
        digest.update(file.read())
    return f"{size} {digest.hexdigest()}"


def _is_sealed(path: Path) -> bool:
    try:
        with open_plain(path) as file:
            return seal_of(file) is not None
    except DamagedError:
        return True
    except (OSError, UserError):  # there is none
        return False


def _undamaged(folder: Path) -> tuple[dict[str, Any], Written]:
    try:
        return _read(folder)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / MARK} is damaged ({one_line(error)}): write {folder} again") from error


def _read(folder: Path) -> tuple[dict[str, Any], Written]:
    text = read_text(folder / MARK, MOST)
    said = values_of(text, always='"files"' in text)  # former versions wrote no hashes
    names, files, large = said.get("names"), said.get("files", {}), said.get("large", {})
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DamagedError("it lists no names")
    if not isinstance(files, dict) or not isinstance(large, dict):
        raise DamagedError("it lists no hashes")
    if not isinstance(said.get("kind"), str) or said.keys() - KEYS:
        raise DamagedError("its values are not those that were written")
    return said, Written(frozenset([*names, MARK]), files, large)
