"""What makes two runs the same run: its parameters, its dataset, its processes and the code that trains."""

from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.program import program_of
from fashion_pggan.storage.shards import Dataset
from train.processes.ranks import Ranks

# Parameters that say what is written when, or where a run ends. They do not change the training itself.
OUTPUT = {"snapshot_kimg", "snapshot_s", "checkpoint_s", "log_kimg", "grid_s", "grid_columns", "grid_rows"}
RESOURCES = {"cuda_graphs", "resident_gb"}
ENDING = {"total_kimg", "max_skipped_steps"}
ALARMS = {name for name in TrainParams.model_fields if name.startswith("alarm_")}
MAY_CHANGE = OUTPUT | RESOURCES | ENDING | ALARMS

# Folders that decide the trained numbers. When the code in one of them changes, it is another run. Left out:
# - fashion_pggan.storage, which reads the shards: the dataset's version names every byte that it must give;
# - train.processes: it says who is who and copies tensors; the mean over processes is in train.step;
# - train.machine: a CUDA graph plays the same step back, and parameters may switch it on and off in a run;
# - train.run: it calls what is in these folders and writes files;
# - train.limits, train.record, train.saved: they refuse, look and keep.
COMPUTING = ("train.growth", "train.model", "train.step")
ADAPTING = ("train.adaptive", "fashion_pggan.distance")  # these steer an adaptive schedule


def identity_of(params: TrainParams, dataset: Dataset, ranks: Ranks) -> dict[str, Any]:
    """What two starts must share to be the same run."""
    fixed = params.model_dump(mode="json", exclude=MAY_CHANGE)
    program = program_of(*COMPUTING, *(ADAPTING if params.schedule == "adaptive" else ()))
    return {**fixed, "dataset_version": dataset.version, "processes": ranks.count, "program": program}


def check_identity(kept: dict[str, Any], now: dict[str, Any], folder: Path) -> None:
    """Refuse to resume a run as another one.

    Raises:
        UserError: the identity that a checkpoint kept is not the present one.
    """
    changed = [
        f"train.{name}: {kept.get(name)} -> {value}" for name, value in now.items() if kept.get(name) != value
    ]
    if changed:
        raise UserError(
            f"{folder} was trained with other parameters ({', '.join(changed)}): "
            "delete it to start afresh, or put params.yaml back to resume"
        )
