"""Reads a run's progress from outside: its status file, its file names and its lock."""

import re
import time
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.progress import duration
from fashion_pggan.storage.escaped import printable_lines
from fashion_pggan.storage.locks import holder_of
from train.record.images.gallery import LATEST
from train.record.pace import Left
from train.record.status_file import FILE, phase_word, read_status
from train.saved.checkpoint import checkpoints_in, images_shown_of

KIMG = re.compile(r"[0-9]{6,}\.[0-9]{3}")  # the name of a snapshot


def runs_in(folder: Path) -> list[Path]:
    """The runs in a folder of runs, the latest first.

    Raises:
        UserError: there are none.
    """
    found = sorted(folder.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime, reverse=True)
    if not found:
        raise UserError(f"no runs in {folder}: train first (dvc repro train), or give --runs")
    return [path.parent for path in found]


def run_status(run: Path, now: float | None = None) -> dict[str, Any]:
    """Where a run stands, as plain values.

    Args:
        run: its folder.
        now: seconds since 1970, for ages; the clock's time when None.

    Raises:
        UserError: that is not a run's folder, or its status cannot be read.
    """
    now = time.time() if now is None else now
    status = read_status(run)
    holder = holder_of(run)
    checkpoints = checkpoints_in(run)
    snapshots = [
        path for path in sorted((run / "snapshots").glob("*.safetensors")) if KIMG.fullmatch(path.stem)
    ]
    latest = run / f"{LATEST}.png"
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
        "latest": str(latest) if latest.is_file() else None,
        "latest_age_s": round(now - latest.stat().st_mtime, 1) if latest.is_file() else None,
        "skipped_steps": status.skipped_steps,
        "alarms": status.alarms,
        "trained_s": round(status.trained_s, 1),
        "device": status.device,
        "processes": status.processes,
        "dataset_version": status.dataset_version,
        "git_commit": status.git_commit,
        "status_age_s": round(now - status.written_at, 1),
    }


def text_of(standing: dict[str, Any]) -> str:
    """The same for people, one fact per line."""
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
        "images": _images(standing),
        "skipped": f"{standing['skipped_steps']} steps",
        "alarms": ", ".join(standing["alarms"]) or "none",
        "device": f"{standing['device']}, {standing['processes']} process{plural}, "
        f"{duration(standing['trained_s'])} trained",
        "written": f"{duration(standing['status_age_s'])} ago",
    }
    return printable_lines([standing["run"], *(f"  {name:<12}{value}" for name, value in lines.items())])


def _speed(standing: dict[str, Any]) -> str:
    if standing["s_per_kimg"] is None:
        return "not known in the first seconds"
    left = Left(standing["remaining_s"], (0,) if standing["remaining_is_a_lower_bound"] else ())
    return f"{standing['s_per_kimg']:.3g} s/kimg" + (f", {left}" if standing["state"] != "finished" else "")


def _checkpoint(standing: dict[str, Any]) -> str:
    if standing["checkpoint_kimg"] is None:
        return "none yet"
    return f"at {standing['checkpoint_kimg']:g} kimg, {duration(standing['checkpoint_age_s'])} ago"


def _images(standing: dict[str, Any]) -> str:
    if standing["latest"] is None:
        return "none yet"
    return f"{standing['latest']}, {duration(standing['latest_age_s'])} ago"
