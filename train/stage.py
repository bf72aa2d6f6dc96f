"""The train stage: reads a dataset, trains in the run's own folder, hands out models and reports."""

import json
import logging
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch

from fashion_pggan.devices import device_of
from fashion_pggan.images.grid import write_grid
from fashion_pggan.params import TrainParams
from fashion_pggan.program import hash_of
from fashion_pggan.provenance import cores, git_commit
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.proof.listing import changed_in, listed
from fashion_pggan.storage.shards import Dataset
from fashion_pggan.storage.targets import HeldTarget, Kind, check_target, hold_target
from train.limits.dataset_size import check_images
from train.limits.disk import check_disk
from train.limits.held_out import shown
from train.limits.memory import check_memory
from train.lineage.about import write_about
from train.lineage.takeover import link, take_over
from train.machine.graphs import Recorded
from train.processes.ranks import Ranks, join, leave, wait_for_all
from train.record.images.redrawn import grids_redrawn
from train.record.images.strip import write_strip
from train.record.log import Row, read_rows, write_rows
from train.run import Run
from train.saved.checkpoint import checkpoints_in
from train.saved.kept import check_kept, check_origin, lost_from, names_in
from train.saved.snapshot import ALL_NETWORKS, snapshot_path
from train.travel.carried import KIND as RUN
from train.travel.carried import carry
from train.travel.place import Place, place_of, run_directory

DATASET_GRID, STRIP = "dataset.png", "through_training.png"
KIND = Kind("trained models")

log = logging.getLogger(__name__)


def run(
    source: Path,
    target: Path,
    params: TrainParams,
    *,
    runs: Path,
    report: Path | None = None,
    history: Path | None = None,
    carried: Path | None = None,
    device: str = "auto",
    measured: int = 0,
) -> None:
    """Train to the end; resume if there is a run with the same parameters and dataset.

    A run that `train.resume` names is resumed: with other parameters, another dataset, more processes.

    Args:
        source: a curated dataset.
        target: folder for snapshots, grids and the dataset's own grid; replaced as a whole.
        params: the train section.
        runs: folder that holds a folder per run, with its checkpoints; it outlives `target`.
        report: where to write the run's facts as JSON.
        history: where to write the log as CSV.
        carried: folder for the run's last checkpoint and log, from which another clone resumes it; replaced
            as a whole.
        device: see `fashion_pggan.devices.device_of`.
        measured: images per set of the evaluation, to tell beforehand of too few; 0: not known.

    Raises:
        UserError: `target` holds something else, or see `Run`.
    """
    apart = [path for path in (source, runs, report, history) if path]
    targets = _targets(target, carried, apart)
    whole = Dataset(source)
    ranks = join(device_of(device))
    dataset = shown(whole)
    check_images(len(dataset), params, measured, whole.held_out_share)
    _verify_once(dataset, ranks)
    if not ranks.first:
        _begun(Place(params, run_directory(runs, params, dataset, ranks), ""), dataset, ranks).go()
        leave(ranks)
        return
    place = place_of(runs, params, dataset, ranks, target, carried)
    folder, origin = place.folder, place.origin
    changed = changed_in(origin or folder, ".png")
    with ExitStack() as held, exclusive(folder), listed(folder):
        handed = [held.enter_context(hold_target(*each)) for each in targets]
        if origin and not checkpoints_in(folder):  # another start may have taken it over since
            take_over(origin, folder)
        training = _begun(place, dataset, ranks)
        log.info("training in %s from %d images on, device %s", folder, training.images_shown, ranks.device)
        _check_lost(training, target)
        training.go()
        _check_lost(training, target)
        _hand_out(training, handed[0], changed)
        for output in handed[1:]:
            carry(folder, output)
        _report(training, report, history)
    leave(ranks)


def _targets(
    models: Path, carried: Path | None, apart: Sequence[Path]
) -> list[tuple[Path, Kind, list[Path]]]:
    """What `hold_target` takes for each folder to replace.

    Raises:
        UserError: something else would be lost.
    """
    if carried is None:
        targets = [(models, KIND, [*apart])]
    else:
        targets = [(models, KIND, [*apart, carried]), (carried, RUN, [*apart, models])]
    for target in targets:
        check_target(*target)
    return targets


def _report(training: Run, report: Path | None, history: Path | None) -> None:
    rows = read_rows(training.folder / "training.csv")
    if history:
        write_rows(history, rows)
    if report:
        write_text(report, json.dumps(_facts(training, rows), indent=1) + "\n")


def _verify_once(dataset: Dataset, ranks: Ranks) -> None:
    """Have one process of each machine read the whole dataset; the others remember that it was whole."""
    if ranks.count > 1:
        if ranks.local_rank == 0:
            dataset.check()
        wait_for_all(ranks)


def _begun(place: Place, dataset: Dataset, ranks: Ranks) -> Run:
    folder, params = place.folder, place.params
    training = Run(folder, dataset, params, ranks, git_commit(), place.weights)
    training.agree()
    if training.images_shown < params.total_kimg * 1000:
        if ranks.first:
            check_disk(folder, training.trainer, params, dataset.resolution, training.images_shown)
        check_memory(
            training.trainer,
            dataset.resolution,
            training.phase.resolution,
            len(dataset),
            Recorded(training.trainer).record if params.cuda_graphs else None,
        )
    if ranks.first:
        write_about(folder, training.about)
    return training


def _check_lost(training: Run, models: Path) -> None:
    """Refuse a run with lost snapshots; the last one of a run at its end is not lost, but written again."""
    lost = lost_from(training.folder, training.kept, training.images_shown)
    again = snapshot_path(training.folder, training.images_shown).name if training.ended else ""
    check_kept(training.folder, [name for name in lost if name != again], models)


def _hand_out(training: Run, target: HeldTarget, changed: Collection[str]) -> None:
    folder, params, dataset = training.folder, training.params, training.dataset
    count = min(params.grid_columns * params.grid_rows, len(dataset))
    with target.replaced() as building:
        snapshots = [folder / "snapshots" / name for name in sorted(names_in(folder))]
        networks = [folder / ALL_NETWORKS, *snapshots]
        _check_origins(training, networks)
        device = training.ranks.device
        for path in [*networks, *grids_redrawn(folder, snapshots, changed, params, device)]:
            link(path, building / path.relative_to(folder))
        write_strip(
            building / STRIP,
            snapshots,
            seed=params.seed,
            columns=params.grid_columns * params.grid_rows,
            device=device,
        )
        write_grid(
            building / DATASET_GRID, dataset.images(range(count), dataset.resolution), params.grid_columns
        )


def _check_origins(training: Run, networks: Sequence[Path]) -> None:
    runs = {hash_of(training.identity), *(change.before for change in training.about.history)}
    for path in networks:
        check_origin(path, runs)


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
        "threads": torch.get_num_threads(),
        "precision": training.precision,
        "history": "; ".join(str(change) for change in training.about.history),
    }


def _hardware(ranks: Ranks) -> str:
    """The processor or the GPUs, as `4 x name`."""
    if ranks.device.type != "cuda":
        return cores()
    return f"{ranks.count} x {torch.cuda.get_device_name(ranks.device)}"
