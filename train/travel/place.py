"""Where a start trains: in its run's folder, after taking over another run, or one that DVC carries."""

from pathlib import Path
from typing import NamedTuple

from fashion_pggan.params import TrainParams
from fashion_pggan.program import hash_of
from fashion_pggan.provenance import git_commit
from fashion_pggan.storage.shards import Dataset
from train.lineage.about import About, facts_of
from train.lineage.beside import Beside, compared, tell_descendant, tell_nearest
from train.lineage.identity import ORIGIN, Identity, identity_of
from train.lineage.label_names import label_names_of
from train.lineage.start import architecture_for, weights_to_start_from
from train.lineage.takeover import check_room, origin_at
from train.lineage.weights import weights_of
from train.processes.ranks import Ranks
from train.saved.checkpoint import checkpoints_in, images_shown_of
from train.travel.carried import take_in, tell_farther


class Place(NamedTuple):
    """Where to train."""

    params: TrainParams
    folder: Path  # of the run
    weights: str  # that it starts from, as `weights_of` names them
    origin: Path | None = None  # the run to take over; None: this one has a checkpoint, or starts


def place_of(
    runs: Path, params: TrainParams, dataset: Dataset, ranks: Ranks, models: Path, carried: Path | None
) -> Place:
    """Find the run to train; the run that DVC carries is put among the runs if it is that one.

    Args:
        runs: folder of runs.
        params: the train section.
        dataset: what is shown.
        ranks: the processes that train.
        models: the output that holds a carried run's snapshots.
        carried: the output that holds its checkpoint and log; None: this start takes nothing from it.

    Raises:
        UserError: the run to resume cannot be resumed, or DVC lacks the run that it carries.
    """
    weights = weights_of(params, runs)
    folder = run_directory(runs, params, dataset, ranks, weights)
    wanted = [folder.name, *([Path(params.resume).name] if params.resume else [])]
    elsewhere = None
    if carried:
        elsewhere = take_in(runs, wanted, carried, models, afresh=params.afresh)
    else:
        tell_farther(runs, wanted, models)
    if checkpoints_in(folder):
        return Place(params, folder, weights)
    now = About(
        identity=identity_of(params, dataset, ranks, weights),
        facts=facts_of(dataset, params, ranks),
        git_commit=git_commit(),
        history=[],
        start_from=params.start_from,
    )
    others = [compared(*elsewhere, now)] if elsewhere else []
    if params.resume:
        origin = origin_at(params.resume, runs, now, others)
        return _resumed(runs, origin, dataset, ranks, now, Place(params, folder, weights))
    if params.start_from:  # before it is said that the run begins with them
        names = label_names_of(dataset, params)
        weights_to_start_from(params.start_from, runs, architecture_for(dataset, params), names)
    tell_nearest(runs, now, beginning(params, dataset.resolution), others)
    return Place(params, folder, weights)


def beginning(params: TrainParams, resolution: int) -> str:
    """How a run begins, in words."""
    if not params.start_from:
        return "training from the start"
    level = min(params.initial_resolution, resolution)
    return f"training from the weights of {params.start_from}, at {level} px"


def run_directory(runs: Path, params: TrainParams, dataset: Dataset, ranks: Ranks, weights: str = "") -> Path:
    """The folder of the run with these parameters, data and weights to start from.

    A run that went beyond `train.total_kimg` is left as it is, and a shorter one has a folder of its own.
    """
    identity = identity_of(params, dataset, ranks, weights)
    folder = runs / hash_of(identity)
    last = last_image(identity, params.total_kimg)
    beyond = any(images_shown_of(path) > last for path in checkpoints_in(folder))
    return folder.with_name(f"{folder.name}-{params.total_kimg:g}") if beyond else folder


def last_image(identity: Identity, total_kimg: float) -> float:
    """The last image that a run may show: it stops only between two looks at the schedule."""
    minibatches = [identity["minibatch_base"], *identity["minibatch"].values()]
    return float(total_kimg * 1000 + identity["minibatch_repeats"] * max(minibatches))


def _resumed(runs: Path, origin: Beside, dataset: Dataset, ranks: Ranks, now: About, place: Place) -> Place:
    params, before = place.params, origin.about.identity
    last = max(last_image(identity, params.total_kimg) for identity in (before, now.identity))
    check_room(origin, params.total_kimg, last)
    if origin.changes:
        tell_descendant(origin, runs, now)
        return place._replace(origin=origin.folder)
    same = params.model_copy(update={"resume": before.get(ORIGIN, "")})
    folder = run_directory(runs, same, dataset, ranks, place.weights)
    return Place(same, folder, place.weights, None if checkpoints_in(folder) else origin.folder)
