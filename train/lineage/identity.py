"""What makes two runs the same run: its parameters, its dataset, its processes and the code that trains."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fashion_pggan.params import TrainParams
from fashion_pggan.params.section import WhenChanged
from fashion_pggan.program import program_of
from fashion_pggan.storage.shards import Dataset
from train.lineage.chosen_images import Part
from train.lineage.label_names import LABEL_NAMES
from train.processes.ranks import Ranks

Identity = dict[str, Any]
Differences = dict[str, tuple[Any, Any]]  # by name: before, now

ORIGIN = "resume"  # the parameter that names the run before this one

# Folders that decide the trained numbers. When the code in one of them changes, it is another run. Left out:
# - fashion_pggan.storage, which reads the shards: the dataset's version names every byte that it must give,
#   and `chosen_images` those that curate.held_out leaves;
# - train.processes: it says who is who and copies tensors; the mean over processes is in train.step;
# - train.machine: a CUDA graph plays the same step back, and parameters may switch it on and off in a run;
# - train.run: it calls what is in these folders and writes files;
# - train.limits, train.lineage, train.record, train.saved: they refuse, compare, look and keep.
COMPUTING = ("train.growth", "train.model", "train.step")
ADAPTING = ("train.adaptive", "fashion_pggan.distance")  # these steer an adaptive schedule


def when_changed() -> dict[str, WhenChanged]:
    """What a run is once a parameter of it has changed, as stands beside each."""
    return {
        name: next(mark for mark in field.metadata if isinstance(mark, WhenChanged))
        for name, field in TrainParams.model_fields.items()
    }


CLASSES = when_changed()


def identity_of(params: TrainParams, dataset: Dataset, ranks: Ranks, weights: str = "") -> Identity:
    """What two starts must share to be the same run.

    A parameter at its default does not count: it was added later, and former runs keep their names.

    Args:
        params: the train section.
        dataset: what is shown.
        ranks: the processes that train.
        weights: that it starts from, as `train.lineage.weights.weights_of` names them.
    """
    fixed = trained_with(params)
    if ORIGIN in fixed:
        fixed[ORIGIN] = Path(params.resume).name
    if params.start_from:
        fixed["start_from"] = weights
    if isinstance(dataset, Part):
        fixed["chosen_images"] = dataset.choice
    program = program_of(*COMPUTING, *(ADAPTING if params.schedule == "adaptive" else ()))
    return {**fixed, "dataset_version": dataset.version, "processes": ranks.count, "program": program}


def trained_with(params: TrainParams) -> Identity:
    """The parameters that count, as plain values."""
    return params.model_dump(
        mode="json",
        exclude={name for name, when in CLASSES.items() if when is WhenChanged.SAME},
        exclude_defaults=True,
    )


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Differences:
    """What differs between two identities, by name; which run each of them resumed does not count."""
    names = [*now, *(name for name in before if name not in now)]
    return {
        name: (before.get(name), now.get(name))
        for name in names
        if name != ORIGIN and before.get(name) != now.get(name)
    }


def others(found: Differences) -> Differences:
    """Those differences that make it another run, which no state can be taken from."""
    return {
        name: pair
        for name, pair in found.items()
        if name in ("resolution", LABEL_NAMES) or CLASSES.get(name) is WhenChanged.OTHER
    }


def worded(found: Differences) -> str:
    """Differences in words: `train.microbatch: {} -> {"16": 4}`."""
    return ", ".join(f"{_called(name)}: {_value(one)} -> {_value(two)}" for name, (one, two) in found.items())


def _called(name: str) -> str:
    return f"train.{name}" if name in CLASSES else name.replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {each}" for key, each in value.items()) + "}"
    return "none" if value is None else str(value)
