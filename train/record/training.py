"""What a record may look at in a run."""

from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.distributed import Ranks
from train.growth.schedule import Phase
from train.model.networks import Critic, Generator


class Training(Protocol):
    """A run, as far as its record is concerned; it changes none of it."""

    folder: Path
    dataset: Dataset
    params: TrainParams
    ranks: Ranks
    git_commit: str
    identity: dict[str, Any]
    images_shown: int
    seconds: float  # trained so far, over all starts

    @property
    def generator(self) -> Generator:
        """The generator."""
        ...

    @property
    def critic(self) -> Critic:
        """The critic."""
        ...

    @property
    def average(self) -> Generator:
        """The averaged generator."""
        ...

    @property
    def gradients(self) -> dict[str, Tensor]:
        """Of the last step, (parameters,) by network."""
        ...

    @property
    def skipped_steps(self) -> int:
        """Since the run began."""
        ...

    @property
    def phase(self) -> Phase:
        """Where the schedule stands."""
        ...
