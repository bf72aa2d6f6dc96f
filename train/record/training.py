"""What a record may look at in a run."""

from pathlib import Path
from typing import Any, Protocol

from fashion_pggan.params import TrainParams
from fashion_pggan.shards import Dataset
from train.distributed import Ranks
from train.networks import Critic, Generator
from train.schedule import Phase


class Training(Protocol):
    """A run, as far as its record is concerned; it changes none of it."""

    folder: Path
    dataset: Dataset
    params: TrainParams
    ranks: Ranks
    git_commit: str
    identity: dict[str, Any]
    generator: Generator
    critic: Critic
    average: Generator
    images_shown: int
    seconds: float  # trained so far, over all starts
    skipped_steps: int

    @property
    def phase(self) -> Phase:
        """Where the schedule stands."""
        ...
