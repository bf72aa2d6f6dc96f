"""Where a crawl reads and writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crawler.lists.failed import FAILED, check_failed
from crawler.store.raw import KIND
from fashion_pggan.storage.targets import HeldTarget, hold_target


@dataclass(frozen=True)
class Places:
    """Where a crawl reads and writes."""

    target: Path  # replaced as a whole
    store: Path
    tombstones: Path
    report: Path | None
    failed_name: str = FAILED

    @property
    def failed(self) -> Path:
        """The file that names what failed."""
        return self.store / self.failed_name

    @contextmanager
    def held(self) -> Iterator[HeldTarget]:
        """Make sure that the target and failed.csv replace nothing else, and hold the target.

        Raises:
            UserError: something else would be replaced, or another process makes the target now.
            OSError: the target cannot be made.
        """
        check_failed(self.failed)
        apart = [self.store, self.tombstones, *([self.report] if self.report else [])]
        with hold_target(self.target, KIND, apart) as target:
            for path in apart:
                path.parent.mkdir(parents=True, exist_ok=True)
            yield target
