"""The command `verify`."""

import sys
from pathlib import Path

from fashion_pggan.verify.kinds import KINDS, Outcome, verify

MOST = 20  # damaged files of a kind that are named


def verify_all(repository: Path = Path(), /) -> None:
    """Check every file there is for damage: all bytes are read. Status 1 when something is damaged.

    For example:
        fashion-pggan verify

    Args:
        repository: the folder with data, models and runs.
    """
    damaged = False
    for kind in KINDS:
        outcome = verify(repository, kind)
        print(f"{kind.name:22} {kind.folder:16} {_said(outcome)}", flush=True)
        if outcome and outcome.damaged:
            damaged = True
            _tell(outcome)
    print("something is damaged: see above" if damaged else "all is whole")
    if damaged:
        sys.exit(1)


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return "none here"
    return f"{outcome.files:7} files {outcome.bytes / 1e6:10.1f} MB  {len(outcome.damaged)} damaged"


def _tell(outcome: Outcome) -> None:
    for path, fault in outcome.damaged[:MOST]:
        print(f"    {path}: {fault}")
    if len(outcome.damaged) > MOST:
        print(f"    and {len(outcome.damaged) - MOST} more")
    print(f"    to mend: {outcome.kind.mend}")
