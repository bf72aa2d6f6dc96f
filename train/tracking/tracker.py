"""What sends a run to a server where a team looks: one small interface, and its two kinds."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from fashion_pggan.errors import UserError

Kind = Literal["mlflow", "wandb"]


@dataclass(frozen=True)
class Named:
    """A run, as a tracker lists it."""

    project: str  # MLflow calls it experiment
    run: str  # the name of its folder
    title: str  # for people
    parameters: Mapping[str, Any]  # what its name is made of, and so never changes
    facts: Mapping[str, str]  # the rest; a later value replaces the earlier one


class Tracker(Protocol):
    """A run at a tracker: found there by its name, or new."""

    place: str  # where people find it

    def sent(self, series: str) -> int:
        """Images shown at the last entry of a series that it has; -1: none."""

    def scalars(self, series: str, images_shown: int, values: Mapping[str, float]) -> None:
        """Add an entry of a series: finite numbers by name."""

    def image(self, series: str, images_shown: int, path: Path) -> None:
        """Add an entry of a series: a PNG file."""

    def close(self, state: str) -> None:
        """Send what waits, and say that the run is training, stopped or finished; it may be opened again."""


def opener(kind: Kind) -> Callable[[Named], Tracker]:
    """What opens a run at a tracker.

    Raises:
        UserError: its client is not installed.
    """
    try:
        if kind == "wandb":
            from train.tracking.weights_and_biases import WeightsAndBiases

            return WeightsAndBiases
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read on import
        from train.tracking.mlflow_client import MLflow

        return MLflow
    except ImportError as error:
        raise UserError(
            f"the client of {kind} cannot be imported ({error}): install it "
            "(docs/how-to/watch-a-training.md, section MLflow and Weights & Biases)"
        ) from error
