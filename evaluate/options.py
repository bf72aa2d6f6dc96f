"""The options that all measures have."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from fashion_pggan.command.options import Device, OptionalCount, OptionalOutputFolder, OptionalSeed
from fashion_pggan.errors import ArgumentError

if TYPE_CHECKING:
    from evaluate.comparison.cache import Store
    from evaluate.sets.squares import Squares
    from fashion_pggan.distance.work import Work
    from fashion_pggan.params import EvaluateParams


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Shared:
    """The options, and what they stand for.

    Args:
        params: the file of parameters; params.yaml by default, without one the preset paper.
        seed: replaces evaluate.seed.
        store: the folder for what is kept; runs/evaluate, without a params.yaml the user's cache.
        device: auto, cpu, cuda or cuda:N.
        workers: threads; one per core by default.
    """

    params: Path | None = None
    seed: OptionalSeed = None
    store: OptionalOutputFolder = None
    device: Device = "auto"
    workers: OptionalCount = None

    def section(self) -> "EvaluateParams":
        """The section evaluate, with the seed that was given."""
        from fashion_pggan.params.preset import params_or_shipped

        return self.seeded(params_or_shipped(self.params, "evaluate").evaluate)

    def seeded(self, params: "EvaluateParams") -> "EvaluateParams":
        """`params`, with the seed that was given."""
        return params if self.seed is None else params.model_copy(update={"seed": self.seed})

    def folder(self) -> Path:
        """The folder for what is kept between runs, or large."""
        from fashion_pggan.params.preset import cache_of

        return self.store or cache_of("evaluate")

    @contextmanager
    def kept(self) -> "Iterator[Store]":
        """What earlier measurements keep there; listed again at the end."""
        from evaluate.comparison.cache import Store
        from fashion_pggan.storage.proof.listing import listed

        with listed(self.folder()):
            yield Store(self.folder())

    def work(self) -> "Work":
        """Where to compute; raises UserError when there is no such device."""
        from fashion_pggan.devices import device_of
        from fashion_pggan.distance.work import Work

        return Work.on(device_of(self.device), self.workers)


def _is_side(kind: object, value: int | None) -> None:
    if value is not None and (not 4 <= value <= 1024 or value & (value - 1)):
        raise ValueError("give a power of two, 4 to 1024")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Size:
    """How to make squares of images of any size, as curation does it.

    Args:
        size: pixels: makes squares of this side of images of any size; without it they must be squares.
        crop: centre, garment or top: which square; with --size. Top needs the networks that see people.
    """

    size: Annotated[int | None, Parameter(validator=_is_side)] = None
    crop: Literal["centre", "garment", "top"] | None = None

    def squares(self, shared: Shared) -> "Squares | None":
        """What makes the squares; None: the images are squares."""
        from evaluate.sets.squares import Squares
        from fashion_pggan.params.preset import params_or_shipped

        if self.size is None:
            if self.crop:
                raise ArgumentError(f"--crop {self.crop} without --size: give the side of the squares too")
            return None
        changed = {"resolution": self.size, "crop": self.crop or "centre", "enlarge": False}
        return Squares(params_or_shipped(shared.params, "curate").curate.model_copy(update=changed))


AS_THEY_COME = Size()
SHARED = Shared()
Options = Annotated[Shared, Parameter(name="*")]
