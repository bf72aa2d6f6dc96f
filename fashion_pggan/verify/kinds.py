"""All that comes to rest on disk: where it lies, who can check it, and how to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from fashion_pggan.verify import dvc_cache

Faults = Iterator[tuple[Path, str]]  # each file, with what is wrong with it; empty where nothing is


@dataclass(frozen=True)
class Kind:
    """A kind of files."""

    name: str
    folder: str  # below the repository
    check: str  # MODULE:FUNCTION, from a folder to `Faults`; imported when there is such a folder
    mend: str


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    kind: Kind
    files: int
    bytes: int
    damaged: list[tuple[Path, str]]  # with what is wrong with each


AGAIN = "nothing to do: the next run notices it and computes it again"
KINDS = (
    Kind(
        "crawled images",
        "data/raw",
        "fashion_pggan.verify.images:faults",
        "run dvc repro --force crawl, which fetches them anew",
    ),
    Kind(
        "the crawl's store",
        "runs/crawl",
        "crawler.store.damaged_store:faults",
        "run dvc repro --force crawl, which fetches again what is lost",
    ),
    Kind("facts and levels", "runs/curate", "curate.known.damaged_knowledge:faults", AGAIN),
    Kind(
        "the curated dataset",
        "data/curated",
        "fashion_pggan.verify.datasets:curated",
        "delete data/curated and run dvc repro curate",
    ),
    Kind(
        "checkpoints",
        "runs/train",
        "train.saved.damaged_states:checkpoints",
        "delete them: the run resumes from the newest one that is whole",
    ),
    Kind(
        "snapshots",
        "models",
        "train.saved.damaged_states:snapshots",
        "delete models and run dvc repro train, which writes them again from the finished run",
    ),
    Kind(
        "samples of training",
        "models",
        "fashion_pggan.verify.datasets:marked",
        "delete models and run dvc repro train, which writes them again from the finished run",
    ),
    Kind(
        "generated images",
        "data/generated",
        "fashion_pggan.verify.datasets:marked",
        "delete data/generated and run dvc repro generate",
    ),
    Kind("measured distances", "runs/evaluate", "evaluate.comparison.damaged_results:faults", AGAIN),
    Kind("DVC's cache", ".dvc", "fashion_pggan.verify.kinds:cached", dvc_cache.MEND),
)


def verify(repository: Path, kind: Kind) -> Outcome | None:
    """Read all files of a kind; None where there are none."""
    folder = repository / kind.folder
    if not folder.is_dir():
        return None
    module, _, function = kind.check.partition(":")
    check: Callable[[Path], Faults] = getattr(import_module(module), function)
    faults: dict[Path, str] = {}
    for path, fault in check(folder):
        faults[path] = faults.get(path) or fault
    size = sum(path.stat().st_size for path in faults if path.is_file())
    damaged = [(path, fault) for path, fault in faults.items() if fault]
    return Outcome(kind, len(faults), size, damaged) if faults else None


def cached(folder: Path) -> Faults:
    """Each object of the cache of the repository whose `.dvc` this is."""
    cache = dvc_cache.cache_folder(folder.parent)
    damaged = set(dvc_cache.damaged_objects(cache))
    for path in dvc_cache.objects(cache):
        yield path, "its content is not what its name says" if path in damaged else ""
