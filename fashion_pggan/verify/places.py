"""Tells what a path on the command line is: a repository, a folder that this program wrote, or a file."""

from collections.abc import Iterable
from pathlib import Path

from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.storage.proof.folder_mark import MARK
from fashion_pggan.storage.proof.listing import LIST
from fashion_pggan.storage.shards import INDEX
from fashion_pggan.verify import dvc_cache, kinds, stage_outputs
from fashion_pggan.verify.dvc_lock import lock_fault
from fashion_pggan.verify.findings import MISSING, Faults
from fashion_pggan.verify.kinds import KINDS, Check, Kind
from fashion_pggan.verify.stage_outputs import LOCK, PIPELINE, Output, outputs_of, unlocked

GET_BACK = "get it back from a copy, or write it again"
FOLDERS = {  # what a folder is, by a name in it
    "records.parquet": "fashion_pggan.verify.images:crawled",
    "fetched.parquet": "crawler.store.damaged_store:faults",
    "fetched.jsonl": "crawler.store.damaged_store:faults",
    "shards/*.tar": "fashion_pggan.verify.images:crawled",  # its records are missing
    "facts-*": "curate.known.damaged_knowledge:faults",
    INDEX: "fashion_pggan.verify.datasets:curated",
    "status.json": "train.damaged.damaged_runs:faults",
    "snapshots": "train.damaged.damaged_states:models",
    "rows": "evaluate.comparison.damaged_results:faults",
    "descriptors": "evaluate.comparison.damaged_results:faults",
    MARK: "fashion_pggan.verify.datasets:marked",
    LIST: "fashion_pggan.verify.listed:faults",
}
FILES = {  # what is wrong with a file, by its ending
    ".parquet": "fashion_pggan.storage.tables:table_fault",
    ".png": "fashion_pggan.storage.proof.png_checksums:png_fault",
    ".safetensors": "train.damaged.damaged_states:snapshot_fault",
    ".pt": "train.damaged.damaged_states:checkpoint_fault",
}


def kinds_at(place: Path) -> list[Kind]:
    """What there is to check at a place.

    Raises:
        ArgumentError: it is missing, or nothing in it says what was written.
    """
    if not place.exists():
        raise ArgumentError(f"{place} is missing: give a place that is there")
    if place.is_file():
        return [_of_file(place)]
    if (place / PIPELINE).is_file() or any((place / kind.folder).is_dir() for kind in KINDS):
        return _of_repository(place)
    for name, check in FOLDERS.items():
        if any(place.glob(name)):
            return [*_of_stages(place), Kind("a folder", "", check, GET_BACK)]
    raise ArgumentError(
        f"{place} holds nothing that says what was written there (no {PIPELINE}, no {MARK}): give a "
        "repository, or a folder as a command wrote it"
    )


def _of_repository(place: Path) -> list[Kind]:
    cache, wrong = _cache_of(place), ""
    try:
        found = outputs_of(place)
    except UserError as error:
        found, wrong = [], str(error)
    stages = [_of_stage(place, stage, found, cache) for stage in dict.fromkeys(out.stage for out in found)]
    check: Check = lambda _: _beside_stages(place, found, cache, wrong)  # noqa: E731  # with its type
    return [*stages, *KINDS, Kind("DVC's cache", "", check, dvc_cache.MEND)]


def _of_stages(folder: Path) -> list[Kind]:
    """The outputs at or below a folder of a repository, by dvc.lock."""
    here = folder.resolve()
    for above in here.parents:
        if (above / LOCK).is_file():
            found = [out for out in outputs_of(above) if (above / out.path).is_relative_to(here)]
            stages = dict.fromkeys(out.stage for out in found)
            return [_of_stage(above, stage, found, _cache_of(above)) for stage in stages]
    return []


def _cache_of(repository: Path) -> Path:
    return dvc_cache.cache_folder(repository) if (repository / ".dvc").is_dir() else repository / ".dvc/cache"


def _of_stage(repository: Path, stage: str, found: Iterable[Output], cache: Path) -> Kind:
    mine = [out for out in found if out.stage == stage]
    check: Check = lambda _: stage_outputs.faults(repository, mine, cache)  # noqa: E731  # with its type
    mend = (
        f"delete damaged files and move foreign ones away; then run dvc checkout, dvc pull if DVC's cache "
        f"lacks them, or dvc repro {stage}; to keep what is there (edited on purpose, or written by the "
        f"stage without dvc repro), run dvc commit {stage}"
    )
    return Kind(f"outputs of {stage}", "", check, mend)


def _beside_stages(repository: Path, found: list[Output], cache: Path, wrong: str) -> Faults:
    lock = repository / LOCK
    if lock.is_file():
        yield lock, wrong or lock_fault(repository, cache)
    elif dvc_cache.objects(cache):
        yield (
            lock,
            f"{MISSING}, though DVC's cache holds what stages wrote: git checkout {LOCK}",
        )
    yield from unlocked(repository, found)
    yield from dvc_cache.faults(repository, found, cache)


def _of_file(path: Path) -> Kind:
    if path.suffix not in FILES:
        raise ArgumentError(f"{path} carries no checksum that could be verified: give its folder")
    fault_of = kinds.function_at(FILES[path.suffix])
    return Kind("a file", "", lambda path: iter([(path, fault_of(path))]), GET_BACK)
