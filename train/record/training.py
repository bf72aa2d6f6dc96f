"""The part of a run that its record may read."""

from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.growth.schedule import Phase
from train.lineage.about import About
from train.model.networks import Critic, Generator
from train.processes.ranks import Ranks


class Training(Protocol):
    """A run as its record sees it: read only."""

    folder: Path
    dataset: Dataset
    params: TrainParams
    ranks: Ranks
    git_commit: str
    identity: dict[str, Any]
    about: About
    labels: dict[str, float]  # share of each label; empty: trained without labels

    @property
    def images_shown(self) -> int:
        """Real images shown to the critic so far, over all processes."""
        ...

    @property
    def looked_at(self) -> int:
        """Images shown when the run last asked the schedule."""
        ...

    @property
    def seconds(self) -> float:
        """Seconds trained so far, over all starts."""
        ...

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
        """Gradients of the last step, (parameters,) by network."""
        ...

    @property
    def skipped_steps(self) -> int:
        """Steps skipped since the run began."""
        ...

    @property
    def phase(self) -> Phase:
        """The present phase of the schedule."""
        ...
