"""Turns the `file` of a record into a path, and refuses any path outside the records' folder."""

import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Protocol

from fashion_pggan.errors import UserError

# control characters, separators of paths on Windows, and what no file's name can hold
NEVER = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udc7f\udd00-\udfff]")
OBJECT = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}\Z")  # the end of a path in DVC's cache

log = logging.getLogger(__name__)


class Recorded(Protocol):
    """A record of a file."""

    @property
    def file(self) -> str:
        """Its path below the folder, with slashes."""

    @property
    def url(self) -> str:
        """Where it came from; may be empty."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""


class RecordFolder:
    """A folder with the files of records; the one place where a record becomes a path.

    Args:
        folder: of the files; it may be missing, or on shared storage.
        within: the folders below it that hold all of them; none: any.
        links: whether a file may be a link to somewhere else, as DVC makes them with `cache.type symlink`.
            A folder may never be one, for deleting below it would delete elsewhere.
    """

    def __init__(self, folder: Path, *within: str, links: bool = False) -> None:
        self.folder, self.within, self.links = folder, within, links
        self.is_local = isinstance(folder, PurePath)
        self.root = os.path.realpath(folder) if self.is_local else ""
        self.prefixes = tuple(f"{name}/" for name in within) or ("",)
        self.known: set[str] = set()  # folders that are known to be really below it

    def path_of(self, record: Recorded) -> Path:
        """The file of a record; it may be missing.

        Raises:
            UserError: the record names something outside the folder, by its text or through a link.
        """
        self.check(record)
        return self.folder / record.file

    def check(self, record: Recorded) -> None:
        """Raise what `path_of` raises."""
        if not _is_plain(record.file) or not record.file.startswith(self.prefixes):
            folders = " or ".join(str(self.folder / name) for name in self.within or ("",))
            self._refuse(record, f"which is not a path below {folders}")
        if self.is_local and not self.holds(record.file):
            self._refuse(record, f"a link out of {self.folder}")

    def names(self, file: str) -> bool:
        """Whether a text from elsewhere is a path below the folder, or DVC's link there into its cache."""
        if not _is_plain(file) or not self.holds(file):
            return False
        place = f"{self.root}/{file}"
        return self._is_below(place) or bool(OBJECT.search(os.path.realpath(place)))

    def tell_links(self, files: Iterable[str]) -> None:
        """Log a warning for files in the folder that are links out of it, other than DVC's into its cache."""
        if not self.is_local:
            return
        links = [
            file
            for file in files
            if os.path.islink(f"{self.root}/{file}") and not self.names(file)  # noqa: PTH114  # as in `holds`
        ]
        if links:
            log.warning(
                "files in %s that are links out of it, and are read: %d; the first is %s, which is %s",
                self.folder,
                len(links),
                links[0],
                os.path.realpath(f"{self.root}/{links[0]}"),
            )

    def holds(self, file: str) -> bool:
        """Whether a path below the folder, which may be missing, is really there: no link leads out."""
        place = f"{self.root}/{file}"
        parent = place.rpartition("/")[0]
        if parent not in self.known:
            if not self._is_below(parent):
                return False
            if os.path.isdir(parent):  # noqa: PTH112  # for each of many files: strings are faster
                self.known.add(parent)
        return self.links or not os.path.islink(place) or self._is_below(place)  # noqa: PTH114  # the same

    def _is_below(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self.root or real.startswith(self.root.rstrip(os.sep) + os.sep)

    def _refuse(self, record: Recorded, what: str) -> None:
        raise UserError(
            f"the record of {(record.url or record.sha256)!r} in {self.folder} has the file {record.file!r}, "
            f"{what}: remove that record, or get the folder again; nothing was changed"
        )


def _is_plain(file: str) -> bool:
    return not NEVER.search(file) and not {"", ".", ".."} & set(file.split("/"))
