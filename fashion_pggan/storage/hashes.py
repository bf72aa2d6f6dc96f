"""Whether a file still has its SHA-256: read once, then trusted while its size, times and inode stay."""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.seal import DamagedError

FILE = "hashes.sqlite"
JSON_KEY = "sha256"  # in JSON that carries its hash
TABLE = (
    "CREATE TABLE IF NOT EXISTS hashes "
    "(path TEXT PRIMARY KEY, state TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID"
)
WAIT_S = 2.0  # for another process that writes; then the files are read instead
PASSING = {  # errors of a database that may be whole
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}
YOUNG_NS = 1_000_000_000  # a file this young may change once more within one tick of its clock
FINE_YOUNG_NS = 50_000_000  # where its clock counts parts of a second


class HashMemory:
    """Remembers, on this machine, which file had which SHA-256.

    The state of a file is its size, modification time, change time, inode and device. No program can set
    the change time, so a file is read again even if its bytes changed and its modification time was kept.
    Damage of the disk itself changes no state; `fashion_pggan.storage.files.sha256_of` always reads.

    Args:
        database: where it is kept; None: remember nothing, and read every file.
        file: of the database; deleted when it turns out to be damaged.
    """

    def __init__(self, database: sqlite3.Connection | None, file: Path | None = None) -> None:
        self._database, self._file = database, file
        self._folders: dict[str, str] = {}  # the resolved paths of folders

    def matches(
        self, path: Path, sha256: str, hash_of: Callable[[Path], str] | None = None, *, of: str = ""
    ) -> bool:
        """Whether the bytes of a file have this SHA-256, in hexadecimal.

        A remembered hash can only confirm: a file is read before it is called damaged.

        Args:
            path: the file.
            sha256: the one that it should have.
            hash_of: reads a file's hash; None: the plain one, of all its bytes.
            of: what `hash_of` reads, to remember several hashes of a file.

        Raises:
            OSError: the file is missing or cannot be read.
        """
        place, status = self._place_of(path), path.stat()
        place += of and f"/{of}"  # no file lies below a file
        state = state_of(status)
        if self._ask("SELECT sha256 FROM hashes WHERE path = ? AND state = ?", place, state) == sha256:
            return True
        if (hash_of or sha256_of)(path) != sha256:
            return False
        if state_of(path.stat()) == state:
            self._keep(place, status, sha256)
        return True

    def _keep(self, place: str, status: os.stat_result, sha256: str) -> None:
        changed = max(status.st_mtime_ns, status.st_ctime_ns)
        young = min(YOUNG_NS, FINE_YOUNG_NS) if changed % 1_000_000_000 else YOUNG_NS
        if time.time_ns() - changed >= young:
            self._ask("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?)", place, state_of(status), sha256)

    def _place_of(self, path: Path) -> str:
        """The real path of a file, the same for all links to it."""
        if path.is_symlink():
            return os.path.realpath(path)
        folder = str(path.parent)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return f"{self._folders[folder]}/{path.name}"

    def _ask(self, query: str, *values: str) -> str | None:
        if self._database is None:
            return None
        try:
            row = self._database.execute(query, values).fetchone()
        except (sqlite3.OperationalError, UnicodeEncodeError):  # full, in use, or a name that is not text
            return None
        except sqlite3.Error:  # damaged: the next command starts again
            self._database = None
            if self._file:
                self._file.unlink(missing_ok=True)
            return None
        return None if row is None else str(row[0])


@contextmanager
def hash_memory(folder: Path | None = None) -> Iterator[HashMemory]:
    """Open this user's memory of hashes.

    Args:
        folder: of its database; None: the user's cache folder. If the folder cannot be used, nothing is
            remembered.
    """
    folder = _cache_folder() if folder is None else folder
    database = _open(folder)
    try:
        yield HashMemory(database, folder / FILE)
    finally:
        if database is not None:
            database.close()


def _open(folder: Path) -> sqlite3.Connection | None:
    path = folder / FILE
    for _ in range(2):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            database = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
            database.execute("PRAGMA synchronous = OFF")  # what is lost is read again
            database.execute("PRAGMA journal_mode = MEMORY")  # likewise; a tenth of the time
            database.execute(TABLE)
            database.execute("SELECT path, state, sha256 FROM hashes LIMIT 0")
        except OSError:  # read-only
            return None
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in PASSING:
                return None
            with suppress(OSError):  # damaged, or something else: start again
                path.unlink()
        else:
            return database
    return None


def _cache_folder() -> Path:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "fashion-pggan"


def state_of(status: os.stat_result) -> str:
    """Size, times, inode and device of a file, see `HashMemory`."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {status.st_dev}"


def hashed_json(values: Mapping[str, Any]) -> str:
    """An object as JSON, with its hash under `sha256`."""
    return json.dumps({**values, JSON_KEY: _hash_of_values(values)}, indent=1) + "\n"


def values_of(text: str, *, always: bool = True) -> dict[str, Any]:
    """The object that `hashed_json` wrote.

    Args:
        text: the file's.
        always: whether it must have a hash; files of former versions have none.

    Raises:
        DamagedError: its values are not those that were written.
        ValueError: it is not a JSON object.
    """
    values = json_in(text, finite=False)
    if not isinstance(values, dict):
        raise ValueError("it holds no JSON object")  # noqa: TRY004  # as for other text
    said = values.pop(JSON_KEY, None)
    if said != _hash_of_values(values) and (always or said is not None):
        raise DamagedError("its values are not those that were written")
    return values


def _hash_of_values(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
