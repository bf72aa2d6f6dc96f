"""Where a data set comes from: the crawl behind its raw pictures, and the program that made it."""

import subprocess
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fashion_pggan.manifest import RawPicture, iterate_records

RECORDS = "records.parquet"  # of a crawl
PROGRAM = "fashion-pggan"
REPOSITORY = Path(__file__).parents[1]
CODE = ("curate", "fashion_pggan/manifest.py", "fashion_pggan/shards.py")  # as dvc.yaml has it for the stage


@dataclass(frozen=True)
class Origins:
    """What a crawl's records say; empty for a plain folder."""

    providers: Counter[str] = field(default_factory=Counter)
    first: str = ""  # UTC, ISO 8601
    last: str = ""


def origins_of(source: Path) -> Origins:
    """Read the records of a crawl, if `source` is one."""
    if not (source / RECORDS).is_file():
        return Origins()
    providers: Counter[str] = Counter()
    first = last = ""
    for record in iterate_records(source / RECORDS, RawPicture):
        providers[record.provider] += 1
        first = min(first or record.crawled_at, record.crawled_at)
        last = max(last, record.crawled_at)
    return Origins(providers, first, last)


def program() -> str:
    """Name, version and commit of this program.

    The commit is the last that changed the code of curation: a data set does not become another because some
    other file did.
    """
    commit = _git("log", "-1", "--format=%h", "--", *CODE)
    changed = " with changes that are not committed" if _git("status", "--porcelain", "--", *CODE) else ""
    try:
        number = version(PROGRAM)
    except PackageNotFoundError:
        number = "(not installed)"
    return f"{PROGRAM} {number}, commit {commit}{changed}" if commit else f"{PROGRAM} {number}"


def _git(*arguments: str) -> str:
    """What git says; nothing when it is missing or this is no repository."""
    try:
        said = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.strip()
