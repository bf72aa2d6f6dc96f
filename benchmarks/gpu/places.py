"""Where things lie: the checkout, and the folder that travels beside it."""

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
CARRIED = CHECKOUT / ".gpu"  # ignored by git


@dataclass(frozen=True)
class Carried:
    """The folder that travels with the checkout."""

    folder: Path = CARRIED

    @property
    def wheels(self) -> Path:
        """Packages that the machine is not expected to hold."""
        return self.folder / "wheels"

    @property
    def shared(self) -> Path:
        """The reference values of tests."""
        return self.folder / "shared"

    @property
    def photographs(self) -> Path:
        """A curated dataset at 64 px."""
        return self.folder / "photographs"

    @property
    def paper(self) -> Path:
        """The parameters whose levels are timed."""
        return self.folder / "paper.yaml"

    @property
    def training(self) -> Path:
        """The parameters of the training on photographs."""
        return self.folder / "training.yaml"

    @property
    def commit(self) -> Path:
        """A file with the commit that was prepared; git may be missing there."""
        return self.folder / "commit.txt"
