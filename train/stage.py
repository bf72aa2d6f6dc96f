"""The train stage: reads a dataset, trains in the run's own folder, hands out models and reports."""

import json
import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from fashion_pggan.devices import device_of
from fashion_pggan.images.grid import write_grid
from fashion_pggan.params import TrainParams
from fashion_pggan.program import hash_of
from fashion_pggan.provenance import cores, git_commit
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.shards import Dataset
from fashion_pggan.storage.targets import HeldTarget, Kind, check_target, hold_target
from train.limits.memory import check_memory
from train.processes.ranks import Ranks, join, leave
from train.record.images.strip import write_strip
from train.record.log import Row, read_rows, write_rows
from train.run import Run
from train.saved.checkpoint import checkpoints_in, images_shown_of
from train.saved.identity import identity_of
from train.saved.snapshot import check_snapshot

DATASET_GRID, STRIP = "dataset.png", "through_training.png"
KIND = Kind(
    "trained models",
    (
        r"snapshots/\d{6,}\.\d{3}\.safetensors",
        r"grids/\d{6,}\.\d{3}\.png",
        re.escape(DATASET_GRID),
        re.escape(STRIP),
    ),
    needs=(DATASET_GRID, STRIP),
    marked=True,
)

log = logging.getLogger(__name__)


def run(
    source: Path,
    target: Path,
    params: TrainParams,
    *,
    runs: Path,
    report: Path | None = None,
    history: Path | None = None,
    device: str = "auto",
) -> None:
    """Train to the end; resume if there is a run with the same parameters and dataset.

    Args:
        source: a curated dataset.
        target: folder for snapshots, grids and the dataset's own grid; replaced as a whole.
        params: the train section.
        runs: folder that holds a folder per run, with its checkpoints; it outlives `target`.
        report: where to write the run's facts as JSON.
        history: where to write the log as CSV.
        device: see `fashion_pggan.devices.device_of`.

    Raises:
        UserError: `target` holds something else, or see `Run`.
    """
    apart = [path for path in (source, runs, report, history) if path]
    check_target(target, KIND, apart)
    dataset = Dataset(source)
    ranks = join(device_of(device))
    folder = run_directory(runs, params, dataset, ranks)
    if not ranks.first:
        _begun(folder, dataset, params, ranks).go()
        leave(ranks)
        return
    with hold_target(target, KIND, apart) as held, exclusive(folder):
        training = _begun(folder, dataset, params, ranks)
        log.info("training in %s from image %d on, device %s", folder, training.images_shown, ranks.device)
        training.go()
        _hand_out(training, held)
        rows = read_rows(folder / "training.csv")
        if history:
            write_rows(history, rows)
        if report:
            write_text(report, json.dumps(_facts(training, rows), indent=1) + "\n")
    leave(ranks)


def _begun(folder: Path, dataset: Dataset, params: TrainParams, ranks: Ranks) -> Run:
    training = Run(folder, dataset, params, ranks, git_commit())
    training.agree()
    if training.images_shown < params.total_kimg * 1000:
        check_memory(training.trainer, dataset.resolution, training.phase.resolution)
    return training


def run_directory(runs: Path, params: TrainParams, dataset: Dataset, ranks: Ranks) -> Path:
    """The folder of the run with these parameters and data.

    A run that went beyond `train.total_kimg` is left as it is, and a shorter one has a folder of its own.
    """
    folder = runs / hash_of(identity_of(params, dataset, ranks))
    beyond = any(
        images_shown_of(path) - _overshoot(params) > params.total_kimg * 1000
        for path in checkpoints_in(folder)
    )
    return folder.with_name(f"{folder.name}-{params.total_kimg:g}") if beyond else folder


def _overshoot(params: TrainParams) -> int:
    """How far beyond the total a run may end: it stops only between two looks at the schedule."""
    return params.minibatch_repeats * max([params.minibatch_base, *params.minibatch.values()])


def _hand_out(training: Run, target: HeldTarget) -> None:
    params, dataset = training.params, training.dataset
    count = min(params.grid_columns * params.grid_rows, len(dataset))
    with target.replaced() as building:
        for name in ("snapshots", "grids"):
            (building / name).mkdir()
            for path in (training.folder / name).glob("[!.]*"):  # not what a kill left half written
                _link(path, building / name / path.name)
        snapshots = sorted((building / "snapshots").iterdir())
        for snapshot in snapshots:
            check_snapshot(training.folder / "snapshots" / snapshot.name)
        write_strip(
            building / STRIP,
            snapshots,
            seed=params.seed,
            columns=params.grid_columns * params.grid_rows,
            device=training.ranks.device,
        )
        write_grid(
            building / DATASET_GRID, dataset.images(range(count), dataset.resolution), params.grid_columns
        )


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _facts(training: Run, rows: Sequence[Row]) -> dict[str, object]:
    return {
        "kimg": training.images_shown / 1000,
        "images_shown": training.images_shown,
        "images_per_s": round(training.images_shown / training.seconds, 2) if training.seconds else 0.0,
        "seconds": round(training.seconds, 1),
        "skipped_steps": training.skipped_steps,
        "alarms": ", ".join(sorted({name for row in rows for name in row.alarms.split()})),
        "resolution": training.dataset.resolution,
        "dataset_version": training.dataset.version,
        "params_hash": hash_of(training.identity),
        "git_commit": training.git_commit,
        "device": str(training.ranks.device),
        "hardware": _hardware(training.ranks),
        "processes": training.ranks.count,
    }


def _hardware(ranks: Ranks) -> str:
    """The processor or the GPUs, as `4 x name`."""
    if ranks.device.type != "cuda":
        return cores()
    return f"{ranks.count} x {torch.cuda.get_device_name(ranks.device)}"
