"""Merging: join the stores of several machines into one, without duplicates."""

import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from crawler.commands.forget import without_forgotten
from crawler.plan.journal import Journal, check_journal, is_done, rewrite
from crawler.store.own.held import held_store
from crawler.store.recorded import IMAGES, check_file, read_recorded
from crawler.store.store import Store, images_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import check_there
from fashion_pggan.storage.packed.tar_shards import FOLDER
from fashion_pggan.storage.record_folder import RecordFolder

WHOLE = "1/1"  # the part that is all of the plan


def merge(parts: Sequence[Path], store: Path, tombstones: Tombstones) -> Counter[str]:
    """Merge stores into one; a second run changes nothing. All that a part says is checked.

    Raises:
        UserError: a part is no store, or a record names a file outside it; nothing was changed.
    """
    for part in parts:
        check_there(part, "a crawl's store")
        if not any(part.glob("plan-*.jsonl")) and not any(part.glob("fetched.*")):
            raise UserError(f"{part} is not a crawl's store: give the folder that was its --store")
    with held_store(store):
        _check(parts, store)
        return _joined(parts, store, tombstones)


def _check(parts: Sequence[Path], store: Path) -> None:
    files = RecordFolder(store, IMAGES, FOLDER)
    for part in parts:
        for image in images_of(part).values():
            check_file(files, image)
        for plan in part.glob("plan-*.jsonl"):
            check_journal(plan)


def _joined(parts: Sequence[Path], store: Path, tombstones: Tombstones) -> Counter[str]:
    counted: Counter[str] = Counter()
    with (
        Store(store, tombstones) as joined,
        Progress("merge", None, "images") as progress,
    ):
        for part in parts:
            found = read_recorded(part)
            counted["records damaged"] += found.lost
            for image in found.images.values():
                counted[joined.adopt(image, part)] += 1
                progress.advance()
        for name in sorted({file.name for part in parts for file in part.glob("plan-*.jsonl")}):
            _start_anew(store / name)
            sources = [folder / name for folder in (store, *parts)]
            lost = rewrite(store / name, sources, lambda line: without_forgotten(line, tombstones))
            counted["answers damaged"] += lost
            counted["plans"] += 1
    return +counted


def _start_anew(journal: Path) -> None:
    """Leave out the answers of a complete crawl, as the next crawl does: the parts' answers are newer."""
    if is_done(journal, WHOLE):
        with Journal(journal, uuid.uuid4().hex[:12], WHOLE):
            pass
