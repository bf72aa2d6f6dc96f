"""One session of the explorer: a snapshot and its training dataset, served until interrupted."""

from pathlib import Path

from fashion_pggan.answering import serve
from fashion_pggan.devices import device_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import INDEX
from generate.checks.neighbours import Training
from generate.explore.scene import Scene
from generate.explore.server import application
from generate.sampling.sampler import Sampler, snapshots_in


def open_page(snapshot: Path, data: Path, port: int, device: str) -> None:
    """Serve the page until interrupted.

    Args:
        snapshot: a .safetensors file, or a folder of models: its last snapshot.
        data: the training dataset, for the nearest images; may be missing.
        port: 0: a free one.
        device: auto, cpu, cuda or cuda:N.

    Raises:
        UserError: there is no snapshot, no such device, or the port is in use.
    """
    source = snapshots_in(snapshot)[-1] if snapshot.is_dir() else snapshot
    if source == Path("models"):
        raise UserError(
            "no folder models here: train first (make demo, or dvc repro train), or name a snapshot"
        )
    sampler = Sampler.load(source, device_of(device))
    serve(application(Scene(sampler, *_training(data, sampler))), port, "explorer")


def _training(folder: Path, sampler: Sampler) -> tuple[Training | None, str]:
    """The training dataset, or why there is none."""
    if not (folder / INDEX).is_file():
        return None, f"no dataset in {folder}: start with --data to see the nearest training images"
    try:
        return Training.of(folder, sampler), ""
    except UserError as error:
        return None, str(error)
