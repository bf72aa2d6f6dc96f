"""One tar file that holds what resuming a run needs: a list with hashes first, then the files.

The same run gives the same bytes, whenever and wherever it is written.
"""

import re
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import Field, ValidationError

from fashion_pggan.errors import UserError, bytes_in_words, one_line
from fashion_pggan.params.reading import explained
from fashion_pggan.params.section import Section
from fashion_pggan.program import hash_of
from fashion_pggan.storage.bounded.plain_file import MOST_TEXT, open_plain
from fashion_pggan.storage.bounded.tar import entries_of
from fashion_pggan.storage.files import atomic_write, check_room, sha256_of
from fashion_pggan.storage.hashes import hashed_json, values_of
from fashion_pggan.storage.locks import exclusive
from train.damaged.damaged_runs import CHECKS
from train.lineage.about import FILE, about
from train.saved.checkpoint import checkpoints_in, images_shown_of, is_whole
from train.travel.arrival import arriving, copy_hashed
from train.travel.run_files import kind_of, names_below

CONTENTS = "fashion-pggan-run.json"
LARGEST = 1 << 40  # bytes of a file in it
NAME = r"[0-9a-f]{16}(?:-[0-9]{1,12}(?:\.[0-9]{1,12})?(?:e\+[0-9]{2})?)?"  # of a run

Size = Annotated[int, Field(ge=0, le=LARGEST)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Contents(Section):
    """What the first file in the archive says."""

    program: Literal["written by fashion-pggan"] = "written by fashion-pggan"
    format: Literal[1] = 1
    run: Annotated[str, Field(pattern=f"^{NAME}$")]
    images_shown: Annotated[int, Field(ge=0)]
    files: dict[str, tuple[Size, Sha256]]  # by path in the run's folder


def export_run(run: Path, file: Path, *, snapshots: bool = True) -> int:
    """Write a run's last checkpoint, its log and its snapshots into one file.

    Args:
        run: its folder; nobody may train it.
        file: the archive to write.
        snapshots: whether to take snapshots and grids, too.

    Returns:
        Bytes of the files in it.

    Raises:
        UserError: a process trains the run, a file is damaged, or the disk has no room.
    """
    with exclusive(run, wait_s=0.0):
        contents = contents_of(run, snapshots=snapshots)
        size = sum(size for size, _ in contents.files.values())
        check_room(file.parent, size, f"exporting {run} needs")
        with atomic_write(file) as out, tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            text = hashed_json(contents.model_dump(mode="json")).encode()
            tar.addfile(_entry(CONTENTS, len(text)), BytesIO(text))
            for name, (length, _) in contents.files.items():
                with open_plain(run / name) as source:
                    tar.addfile(_entry(name, length), source)
    return size


def contents_of(run: Path, *, snapshots: bool) -> Contents:
    """The files that resuming a run from its last whole checkpoint needs.

    Raises:
        UserError: there is no such checkpoint, or a file is damaged.
    """
    checkpoint = next((path for path in reversed(checkpoints_in(run)) if is_whole(path)), None)
    if checkpoint is None:
        raise UserError(f"{run} has no whole checkpoint: train it first, or restore one from a copy")
    shown = images_shown_of(checkpoint)
    names = [checkpoint.name, *_logs_of(run), *(_images_of(run, shown) if snapshots else ())]
    if FILE not in names:
        raise UserError(f"{run} has no {FILE}: resume it once, which writes it again")
    for name in names:
        check = CHECKS.get(Path(name).suffix)
        if check and (fault := check(run / name)):
            raise UserError(
                f"{run / name} is damaged ({fault}): run fashion-pggan verify, which says what helps"
            )
    files = {name: ((run / name).stat().st_size, sha256_of(run / name)) for name in sorted(names)}
    return Contents(run=_name_of(run), images_shown=shown, files=files)


def import_run(file: Path, runs: Path) -> Path:
    """Put the run in an archive among the runs, after every hash has been checked.

    Args:
        file: what `export_run` wrote, from anyone.
        runs: folder of runs.

    Returns:
        The run's folder.

    Raises:
        UserError: the run is there already, or the archive is missing or damaged or none; then nothing has
            changed.
    """
    if not file.exists():
        raise UserError(f"no file {file}: give one that fashion-pggan runs export wrote")
    try:
        entries = entries_of(file, LARGEST)
        with open_plain(file) as data:
            contents = _contents_in(next(entries, None), data)
            check_room(runs, sum(size for size, _ in contents.files.values()), f"importing {file} needs")
            with arriving(runs, contents.run) as folder:
                _take(entries, data, contents, folder)
    except (tarfile.TarError, ValidationError, ValueError, EOFError) as error:
        if isinstance(error, UserError):
            raise
        said = explained(error, Contents) if isinstance(error, ValidationError) else one_line(error)
        raise UserError(
            f"{file} is not an intact export of a run ({said}): get another copy, or export the run again"
        ) from error
    return runs / contents.run


def _contents_in(entry: tarfile.TarInfo | None, data: IO[bytes]) -> Contents:
    if entry is None or entry.name != CONTENTS:
        raise ValueError(f"it does not begin with {CONTENTS}")
    if entry.size > MOST_TEXT:
        raise ValueError(f"{CONTENTS} holds more than {bytes_in_words(MOST_TEXT)}")
    data.seek(entry.offset_data)
    values = values_of(data.read(entry.size).decode())
    values["files"] = {name: tuple(facts) for name, facts in values["files"].items()}
    contents = Contents.model_validate(values)
    if strange := next((name for name in contents.files if not kind_of(name)), None):
        raise ValueError(f"it lists {strange!r}, which is not part of a run")
    return contents


def _take(entries: Iterator[tarfile.TarInfo], data: IO[bytes], contents: Contents, folder: Path) -> None:
    missing = dict(contents.files)
    for entry in entries:
        if entry.name not in missing:
            raise ValueError(f"it holds {entry.name!r}, which it does not list, or twice")
        size, sha256 = missing.pop(entry.name)
        data.seek(entry.offset_data)
        if entry.size != size or copy_hashed(data, folder / entry.name, size) != sha256:
            raise ValueError(f"{entry.name} in it is damaged")
    if missing:
        raise ValueError(f"{next(iter(missing))} is missing")


def _name_of(run: Path) -> str:
    """A run's name, also where its folder has another one."""
    said = about(run)
    assert said is not None, run
    named, name = run.resolve().name, hash_of(said.identity)
    return named if re.fullmatch(NAME, named) and named.startswith(name) else name


def _logs_of(run: Path) -> list[str]:
    return [name for name in names_below(run) if kind_of(name) == "logs"]


def _images_of(run: Path, shown: int) -> list[str]:
    """Snapshots and grids up to a position; a resumed run writes the later ones again."""
    names = [name for name in names_below(run) if name.startswith(("snapshots/", "grids/")) and kind_of(name)]
    return [name for name in names if round(float(Path(name).stem) * 1000) <= shown]


def _entry(name: str, size: int) -> tarfile.TarInfo:
    """An entry without time and owner, so that the same files give the same bytes."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry
