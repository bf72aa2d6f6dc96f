"""The runs in a folder: where each stands, what it takes on the disk, and what uses it."""

from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError, bytes_in_words
from fashion_pggan.params import load_params
from fashion_pggan.storage.escaped import printable_line, printable_lines
from fashion_pggan.storage.locks import holder_of
from train.record.status import run_status
from train.record.status_file import FILE as STATUS
from train.saved.checkpoint import checkpoints_in, images_shown_of
from train.saved.snapshot import read_header
from train.travel.run_files import KINDS, sizes_of

COLUMNS = ("run", "state", "kimg", "disk", *KINDS, "used by")


def inventory(runs: Path, models: Path, params: Path) -> list[dict[str, Any]]:
    """Facts of every run in a folder, the one written last first.

    Args:
        runs: the folder.
        models: trained models, which may come from one of the runs.
        params: the file of parameters, which may name some in train.resume and train.start_from.

    Raises:
        UserError: there are no runs.
    """
    folders = [path for path in runs.glob("[!.]*/") if (path / STATUS).is_file() or checkpoints_in(path)]
    if not folders:
        raise UserError(f"no runs in {runs}: train first (dvc repro train), or give --runs")
    folders.sort(key=lambda run: max(path.stat().st_mtime for path in (run, *run.glob(STATUS))), reverse=True)
    uses = {"models": _run_of(models), **_named_in(params)}
    return [_facts(run, uses) for run in folders]


def table(found: list[dict[str, Any]]) -> str:
    """The same for people, a line per run."""
    rows = [COLUMNS, *(_row(facts) for facts in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return printable_lines(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _facts(run: Path, uses: dict[str, str]) -> dict[str, Any]:
    sizes = sizes_of(run)
    own = sizes.pop("own")
    standing = _standing(run)
    users = [f"process {standing['process']}"] if standing["process"] is not None else []
    users += [user for user, name in uses.items() if name and name in (run.name, run.name.partition("-")[0])]
    return {
        "run": run.name,
        **standing,
        "bytes": sum(sizes.values()),
        "bytes_freed_by_removing": own,
        "bytes_by_kind": sizes,
        "used_by": users,
    }


def _standing(run: Path) -> dict[str, Any]:
    """State, process and position; of a run without a readable status, what its files say."""
    try:
        status = run_status(run)
        return {name: status[name] for name in ("state", "process", "kimg", "total_kimg")}
    except UserError:
        checkpoints = checkpoints_in(run)
        shown = images_shown_of(checkpoints[-1]) / 1000 if checkpoints else None
        holder = holder_of(run)
        state = "unreadable" if holder is None else "training"
        return {"state": state, "process": holder, "kimg": shown, "total_kimg": None}


def _row(facts: dict[str, Any]) -> tuple[str, ...]:
    total = "" if facts["total_kimg"] is None else f" of {facts['total_kimg']:g}"
    kimg = "?" if facts["kimg"] is None else f"{facts['kimg']:g}{total}"
    sizes = (bytes_in_words(facts["bytes_by_kind"][kind]) for kind in KINDS)
    users = ", ".join(facts["used_by"]) or "nothing"
    cells = (facts["run"], facts["state"], kimg, bytes_in_words(facts["bytes"]), *sizes, users)
    return tuple(map(printable_line, cells))


def _run_of(models: Path) -> str:
    """The run that the last snapshot of trained models is of; empty if it cannot be read."""
    last = max(models.glob("snapshots/[!.]*.safetensors"), default=None)
    try:
        return read_header(last).origin.params_hash if last else ""
    except UserError:
        return ""


def _named_in(params: Path) -> dict[str, str]:
    """The runs that the parameters name, by parameter; empty if they cannot be read."""
    try:
        train = load_params(params).train
    except (OSError, UserError):
        return {}
    return {"train.resume": Path(train.resume).name, "train.start_from": Path(train.start_from).name}
