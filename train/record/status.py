"""Where a run stands, without its weights: a small file beside its checkpoints, and what the folder says."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.files import holder_of, write_text
from train.checkpoint import checkpoints_in, images_shown_of
from train.record.log import Row
from train.record.pace import Left, duration
from train.record.training import Training

FILE = "status.json"
FORMAT = 1


@dataclass(frozen=True)
class Status:
    """What a run writes about where it stands."""

    images_shown: int
    total_kimg: float
    lod: float
    resolution: int  # pixels
    final_resolution: int  # pixels
    s_per_kimg: float | None  # None before the first row
    remaining_s: float | None
    unmeasured: list[int]  # resolutions to come whose speed is not known: `remaining_s` is then too low
    skipped_steps: int
    alarms: list[str]
    trained_s: float  # over all starts
    device: str
    processes: int
    dataset_version: str
    git_commit: str
    written_at: float  # seconds since 1970


def status_of(training: Training, rows: Sequence[Row], left: Left | None) -> Status:
    """Where a run stands.

    Args:
        training: the run.
        rows: of its log so far.
        left: the time that is left, None before it is known.
    """
    phase = training.phase
    return Status(
        images_shown=training.images_shown,
        total_kimg=training.params.total_kimg,
        lod=phase.lod,
        resolution=phase.resolution,
        final_resolution=training.dataset.resolution,
        s_per_kimg=rows[-1].s_per_kimg if rows else None,
        remaining_s=left.seconds if left else None,
        unmeasured=list(left.unmeasured) if left else [],
        skipped_steps=training.skipped_steps,
        alarms=rows[-1].alarms.split() if rows else [],
        trained_s=training.seconds,
        device=str(training.ranks.device),
        processes=training.ranks.count,
        dataset_version=training.dataset.version,
        git_commit=training.git_commit,
        written_at=time.time(),
    )


def write_status(folder: Path, status: Status) -> None:
    """Write the file in one step."""
    write_text(folder / FILE, json.dumps({"format": FORMAT, **asdict(status)}, indent=1) + "\n")


def runs_in(folder: Path) -> list[Path]:
    """The runs in a folder of runs, the one written last first.

    Raises:
        UserError: there are none.
    """
    found = sorted(folder.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime, reverse=True)
    if not found:
        raise UserError(f"no runs in {folder}: train first (dvc repro train), or give --runs")
    return [path.parent for path in found]


def standing_of(run: Path, now: float | None = None) -> dict[str, Any]:
    """Where a run stands, as plain values.

    Args:
        run: its folder.
        now: seconds since 1970, for ages; the clock's time when None.

    Raises:
        UserError: that is no run's folder, or its status cannot be read.
    """
    now = time.time() if now is None else now
    status = _read(run)
    holder = holder_of(run)
    checkpoints, snapshots = checkpoints_in(run), sorted((run / "snapshots").glob("*.safetensors"))
    ended = status.images_shown >= status.total_kimg * 1000
    return {
        "run": str(run),
        "state": "training" if holder is not None else "finished" if ended else "stopped",
        "process": holder,
        "kimg": status.images_shown / 1000,
        "total_kimg": status.total_kimg,
        "percent": round(min(status.images_shown / status.total_kimg / 10, 100.0), 1),
        "lod": status.lod,
        "resolution": status.resolution,
        "final_resolution": status.final_resolution,
        "phase": phase_word(status.lod),
        "s_per_kimg": status.s_per_kimg,
        "remaining_s": status.remaining_s,
        "remaining_is_a_lower_bound": bool(status.unmeasured),
        "checkpoint_kimg": images_shown_of(checkpoints[-1]) / 1000 if checkpoints else None,
        "checkpoint_age_s": round(now - checkpoints[-1].stat().st_mtime, 1) if checkpoints else None,
        "snapshots": len(snapshots),
        "last_snapshot_kimg": float(snapshots[-1].stem) if snapshots else None,
        "skipped_steps": status.skipped_steps,
        "alarms": status.alarms,
        "trained_s": round(status.trained_s, 1),
        "device": status.device,
        "processes": status.processes,
        "dataset_version": status.dataset_version,
        "git_commit": status.git_commit,
        "status_age_s": round(now - status.written_at, 1),
    }


def phase_word(lod: float) -> str:
    """Whether the newest level is fading in or stands alone."""
    return "alone" if lod == int(lod) else "fading in"


def text_of(standing: dict[str, Any]) -> str:
    """The same for people, a line for each thing."""
    plural = "" if standing["processes"] == 1 else "es"
    lines = {
        "state": standing["state"] + (f" (process {standing['process']})" if standing["process"] else ""),
        "shown": f"{standing['kimg']:g} of {standing['total_kimg']:g} kimg, {standing['percent']:g} %",
        "level": f"{standing['resolution']} px of {standing['final_resolution']}, {standing['phase']}, "
        f"lod {standing['lod']:.2f}",
        "speed": _speed(standing),
        "checkpoint": _checkpoint(standing),
        "snapshots": f"{standing['snapshots']}"
        + (f", the last at {standing['last_snapshot_kimg']:g} kimg" if standing["snapshots"] else ""),
        "skipped": f"{standing['skipped_steps']} steps",
        "alarms": ", ".join(standing["alarms"]) or "none",
        "device": f"{standing['device']}, {standing['processes']} process{plural}, "
        f"{duration(standing['trained_s'])} trained",
        "written": f"{duration(standing['status_age_s'])} ago",
    }
    return "\n".join([standing["run"], *(f"  {name:<12}{value}" for name, value in lines.items())])


def _speed(standing: dict[str, Any]) -> str:
    if standing["s_per_kimg"] is None:
        return "not known before the first row of the log"
    left = Left(standing["remaining_s"], (0,) if standing["remaining_is_a_lower_bound"] else ())
    return f"{standing['s_per_kimg']:.3g} s/kimg" + (f", {left}" if standing["state"] != "finished" else "")


def _checkpoint(standing: dict[str, Any]) -> str:
    if standing["checkpoint_kimg"] is None:
        return "none yet"
    return f"at {standing['checkpoint_kimg']:g} kimg, {duration(standing['checkpoint_age_s'])} ago"


def _read(run: Path) -> Status:
    path = run / FILE
    if not run.is_dir():
        raise UserError(f"no run at {run}: python -m train status lists those there are")
    if not path.is_file():
        raise UserError(f"{run} is no run's folder (no {FILE} in it): give one of those in runs/train")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("format") != FORMAT:
            raise ValueError(f"this program reads format {FORMAT}")
        return Status(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} cannot be read ({error}): train on, and it is written again") from error
