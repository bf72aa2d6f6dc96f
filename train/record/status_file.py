"""The status file: a run's progress, for programs that should not read its checkpoints."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.paths import RUNS, to_type
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.hashes import hashed_json, values_of
from train.record.pace import Outlook
from train.record.training import Training

FILE = "status.json"
FORMAT = 1


@dataclass(frozen=True)
class Status:
    """The fields of a status file."""

    images_shown: int  # real images shown, the run's clock
    total_kimg: Annotated[float, Field(gt=0)]  # thousand images to show in all
    lod: float  # level of detail: 0 at the final resolution
    resolution: int  # pixels
    final_resolution: int  # pixels
    s_per_kimg: float | None  # of the last minute; None before it is known
    remaining_s: float | None  # estimated; None before it is known
    unmeasured: list[int]  # resolutions to come whose speed is not known: `remaining_s` is then too low
    skipped_steps: int  # since the run began
    alarms: list[str]  # names of those that hold
    trained_s: float  # over all starts
    device: str  # `cpu`, `cuda:0`, …
    processes: int  # that train together
    dataset_version: str  # of the dataset
    git_commit: str  # of the program
    written_at: float  # seconds since 1970


def status_of(training: Training, alarms: list[str], outlook: Outlook) -> Status:
    """The status of a run.

    Args:
        training: the run.
        alarms: names of those that hold.
        outlook: its speed and the time that is left.
    """
    phase, left = training.phase, outlook.left(training.images_shown)
    return Status(
        images_shown=training.images_shown,
        total_kimg=training.params.total_kimg,
        lod=phase.lod,
        resolution=phase.resolution,
        final_resolution=training.dataset.resolution,
        s_per_kimg=outlook.speed,
        remaining_s=left.seconds if left else None,
        unmeasured=list(left.unmeasured) if left else [],
        skipped_steps=training.skipped_steps,
        alarms=alarms,
        trained_s=training.seconds,
        device=str(training.ranks.device),
        processes=training.ranks.count,
        dataset_version=training.dataset.version,
        git_commit=training.git_commit,
        written_at=time.time(),
    )


def write_status(folder: Path, status: Status) -> None:
    """Write the file in one step."""
    write_text(folder / FILE, hashed_json({"format": FORMAT, **asdict(status)}))


def read_status(run: Path) -> Status:
    """The last status of the run in a folder.

    Raises:
        UserError: that is not a run's folder, or the file cannot be read.
    """
    path = run / FILE
    if not run.is_dir():
        listing = to_type("fashion-pggan train status", runs=run.parent)
        raise UserError(f"no run at {run}: run {listing} to list all runs")
    if not path.is_file():
        raise UserError(f"{run} is not the folder of a run (it has no {FILE}): give one of those in {RUNS}")
    try:
        values = values_of(read_text(path), always=False)
        if values.pop("format") != FORMAT:
            raise ValueError(f"this program reads format {FORMAT}")
        return TypeAdapter(Status).validate_python(values, extra="forbid")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path} cannot be read ({one_line(error)}): resume the run, which writes it again"
        ) from error


def phase_word(lod: float) -> str:
    """Whether the newest level is fading in or stands alone."""
    return "alone" if lod == int(lod) else "fading in"
