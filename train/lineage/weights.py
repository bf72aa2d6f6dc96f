"""Names the weights that a run starts from by their content, not by their path."""

from collections.abc import Callable, Iterator
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.files import sha256_of
from train.lineage.about import FILE, About, read_about
from train.saved.checkpoint import checkpoints_in, digest_of, is_whole
from train.saved.snapshot import ALL_NETWORKS, read_header

DIGITS = 16  # of a hash in hexadecimal, as in a run's name
MISSING = "missing"  # in place of a hash: no weights are there, and no run began with them


def weights_of(params: TrainParams, runs: Path) -> str:
    """What `train.start_from` is to a run's identity: a hash of the weights; empty without it.

    A run that is resumed keeps its start, and so does one whose weights have been deleted since.

    Args:
        params: the train section.
        runs: folder of runs.
    """
    place = params.start_from
    if not place:
        return ""
    named = Path(params.resume).name

    def resumed(folder: Path, said: About) -> bool:
        return bool(named) and named in (folder.name, said.identity.get("resume"))

    return (
        _begun(place, [*runs.glob("*/"), Path(params.resume)], resumed)
        or _hash_at(place_of_weights(place, runs))
        or _begun(place, runs.glob("*/"), lambda folder, said: True)
        or MISSING
    )


def place_of_weights(place: str, runs: Path) -> Path:
    """The folder of a run, by its name or as a path; a file; the file of a folder of models."""
    path = runs / place if (runs / place).is_dir() else Path(place)
    if not path.is_dir() or checkpoints_in(path):
        return path
    whole = path / ALL_NETWORKS
    return whole if whole.is_file() else max(path.glob("snapshots/[!.]*.safetensors"), default=whole)


def _begun(place: str, folders: Iterator[Path] | list[Path], fits: Callable[[Path, About], bool]) -> str:
    """The start of the newest fitting run that began with the weights at a place; empty: there is none."""
    found = []
    for folder in folders:
        try:
            said, written = read_about(folder / FILE), (folder / FILE).stat().st_mtime_ns
        except (OSError, ValueError):
            continue
        start = str(said.identity.get("start_from", ""))
        if place in (said.start_from, start) and fits(folder, said):
            found.append((written, start))
    return max(found, default=(0, ""))[1]


def _hash_at(path: Path) -> str:
    """A hash of weights; empty: they are missing or damaged."""
    if path.is_dir():
        whole = next((each for each in reversed(checkpoints_in(path)) if is_whole(each)), None)
        return digest_of(whole)[:DIGITS] if whole else ""
    try:
        return (read_header(path).sha256 or sha256_of(path))[:DIGITS]
    except UserError:
        return ""
