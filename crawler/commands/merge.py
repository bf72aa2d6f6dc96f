"""Merging: join the stores of several machines into one, without duplicates."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from crawler.commands.forget import without_forgotten
from crawler.plan.journal import rewrite
from crawler.store.store import IMAGES, Store, images_of
from crawler.store.stored import StoredImage
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from fashion_pggan.progress import Progress
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.record_folder import RecordFolder


def merge(parts: Sequence[Path], store: Path, tombstones: Tombstones) -> Counter[str]:
    """Merge stores into one; a second run changes nothing.

    Raises:
        UserError: a part is no store, or a record names a file outside it; nothing was changed.
    """
    for part in parts:
        if not any(part.glob("plan-*.jsonl")) and not any(part.glob("fetched.*")):
            raise UserError(f"{part} is not a crawl's store: give the folder that was its --store")
    with exclusive(store):
        _check_files(parts, store)
        return _joined(parts, store, tombstones)


def _check_files(parts: Sequence[Path], store: Path) -> None:
    files = RecordFolder(store, IMAGES)
    for part in parts:
        for image in images_of(part).values():
            files.check(image)


def _joined(parts: Sequence[Path], store: Path, tombstones: Tombstones) -> Counter[str]:
    counted: Counter[str] = Counter()
    with (
        Store(store, tombstones) as joined,
        Progress("merge", None, "images") as progress,
    ):
        for part in parts:
            for image in images_of(part).values():
                if tombstones.forbid_image(image):
                    counted["forgotten"] += 1
                else:
                    counted[_adopted(joined, image, part)] += 1
                progress.advance()
        for name in sorted({file.name for part in parts for file in part.glob("plan-*.jsonl")}):
            sources = [folder / name for folder in (store, *parts)]
            rewrite(store / name, sources, lambda line: without_forgotten(line, tombstones))
            counted["plans"] += 1
    return counted


def _adopted(store: Store, image: StoredImage, part: Path) -> str:
    try:
        return "images new" if store.adopt(image, part) else "there before"
    except FileNotFoundError:
        return "without file"
