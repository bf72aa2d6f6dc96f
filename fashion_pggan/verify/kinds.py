"""The kinds of files that the program keeps: where they are, what checks them, and how to mend them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from fashion_pggan.verify.findings import Faults, Unknown

Check = Callable[[Path], Faults]


@dataclass(frozen=True)
class Kind:
    """A kind of files."""

    name: str
    folder: str  # below the repository
    check: str | Check  # from a folder to `Faults`; as MODULE:FUNCTION, imported when there is such a folder
    mend: str


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    kind: Kind
    names: frozenset[Path]  # of all files that were looked at
    bytes: int
    damaged: list[tuple[Path, str]]  # with what is wrong with each
    unknown: list[tuple[Path, str]]  # could not be checked, and why

    @property
    def files(self) -> int:
        """How many were looked at."""
        return len(self.names)


KINDS = (
    Kind(
        "crawled images",
        "data/raw",
        "fashion_pggan.verify.images:crawled",
        "run dvc repro --force crawl, which fetches them again",
    ),
    Kind(
        "the crawl's store",
        "runs/crawl",
        "crawler.store.damaged_store:faults",
        "run dvc repro --force crawl, which fetches again what is lost",
    ),
    Kind(
        "facts and levels",
        "runs/curate",
        "curate.known.damaged_knowledge:faults",
        "run dvc repro --force curate, which computes again what is lost",
    ),
    Kind(
        "the curated dataset",
        "data/curated",
        "fashion_pggan.verify.datasets:curated",
        "delete data/curated and run dvc repro curate",
    ),
    Kind(
        "runs of training",
        "runs/train",
        "train.damaged.damaged_runs:runs",
        "copy damaged snapshots from models, which dvc checkout models brings back; then run dvc repro "
        "--force train, which resumes from the newest intact checkpoint, draws grids again and brings back "
        "the log; delete damaged checkpoints, then run fashion-pggan verify --accept-missing; a run that "
        "nobody needs can be deleted with its folder",
    ),
    Kind(
        "trained models",
        "models",
        "train.damaged.damaged_states:models",
        "delete models and run dvc repro train, which writes them again from the finished run",
    ),
    Kind(
        "kept models",
        "kept",
        "train.damaged.damaged_states:kept",
        "get them back from a copy; a former one that nobody needs can be deleted",
    ),
    Kind(
        "generated images",
        "data/generated",
        "fashion_pggan.verify.datasets:marked",
        "delete data/generated and run dvc repro generate",
    ),
    Kind(
        "measured distances",
        "runs/evaluate",
        "evaluate.comparison.damaged_results:faults",
        "run dvc repro --force evaluate, which measures again what is lost",
    ),
)


def verify(place: Path, kind: Kind) -> Outcome | None:
    """Read all files of a kind; None where there are none."""
    folder = place / kind.folder
    if not folder.exists():
        return None
    faults: dict[Path, str] = {}
    for path, fault in _check_of(kind)(folder):
        faults[path] = _worse(faults.get(path), fault)
    found = {path: fault for path, fault in faults.items() if fault}
    damaged = [(path, fault) for path, fault in found.items() if not isinstance(fault, Unknown)]
    unknown = [(path, str(why)) for path, why in found.items() if isinstance(why, Unknown)]
    size = sum(path.stat().st_size for path in faults if path.is_file())
    return Outcome(kind, frozenset(faults), size, damaged, unknown)


def function_at(place: str) -> Any:
    """The function at MODULE:FUNCTION."""
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)


def _check_of(kind: Kind) -> Check:
    check: Check = function_at(kind.check) if isinstance(kind.check, str) else kind.check
    return check


def _worse(before: str | None, fault: str) -> str:
    """The worse of two results for a file: a fault counts first, then intact, then unknown."""
    if before is None or (fault and not isinstance(fault, Unknown)):
        return fault
    return fault if not fault and isinstance(before, Unknown) else before
