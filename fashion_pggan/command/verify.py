"""What the command `verify` does."""

import sys
from collections.abc import Iterable
from json import dumps
from pathlib import Path
from typing import Any

from fashion_pggan.errors import ArgumentError, UserError, bytes_in_words, one_line
from fashion_pggan.storage.escaped import printable_line
from fashion_pggan.storage.proof.listing import LIST, take_off_missing
from fashion_pggan.verify.kinds import Kind, Outcome, verify
from fashion_pggan.verify.places import kinds_at

MOST = 20  # files of a kind that are named


def verify_all(place: Path, *, json: bool, accept_missing: bool) -> None:
    """Check every file at a place, and say what was found; see the command in `own.py`."""
    if accept_missing:
        accept_losses(place)
    outcomes = []
    for kind in kinds_at(place):
        outcome = verify(place, kind)
        outcomes += [outcome] if outcome else []
        if not json:
            _tell(kind, outcome)
    damaged = sum(len(outcome.damaged) for outcome in outcomes)
    if not damaged and not sum(outcome.files - len(outcome.unknown) for outcome in outcomes):
        raise ArgumentError(f"{place} holds nothing that could be checked: run the stages first (dvc repro)")
    print(dumps(facts_of(outcomes), indent=1) if json else _sum_of(outcomes))
    if damaged:
        sys.exit(1)


def accept_losses(place: Path) -> None:
    """Take missing files off the lists of a folder and of those below it, and name them on stderr.

    Raises:
        UserError: a list is damaged, or a command writes there.
    """
    for path in sorted(place.rglob(LIST)):
        try:
            names = take_off_missing(path.parent)
        except UserError:
            raise
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} is damaged ({one_line(error)}): run the command that writes there; a new list begins"
            ) from error
        for name in names:
            print(printable_line(f"taken off {path}: {name}"), file=sys.stderr)


def facts_of(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What was found, for programs."""
    kinds = [
        {
            "kind": outcome.kind.name,
            "files": outcome.files,
            "bytes": outcome.bytes,
            "damaged": [{"file": str(path), "fault": fault} for path, fault in outcome.damaged],
            "unchecked": [{"file": str(path), "why": why} for path, why in outcome.unknown],
            "repair": outcome.kind.mend,
        }
        for outcome in outcomes
    ]
    return {"whole": not any(outcome.damaged for outcome in outcomes), "kinds": kinds}


def _tell(kind: Kind, outcome: Outcome | None) -> None:
    print(f"{kind.name:22} {kind.folder:16} {_said(outcome)}", flush=True)
    if outcome is None:
        return
    _name(outcome.damaged, "")
    if outcome.damaged:
        print(f"    to repair: {kind.mend}")
    _name(outcome.unknown, "not checked: ")


def _said(outcome: Outcome | None) -> str:
    if outcome is None or not outcome.files:
        return "none here"
    return f"{outcome.files:7} files {bytes_in_words(outcome.bytes):>12}  {len(outcome.damaged)} damaged"


def _name(found: list[tuple[Path, str]], word: str) -> None:
    for path, what in found[:MOST]:
        print(printable_line(f"    {word}{path}: {what}"))
    if len(found) > MOST:
        print(f"    {word}and {len(found) - MOST} more")


def _sum_of(outcomes: list[Outcome]) -> str:
    files = len({path for outcome in outcomes for path in outcome.names})
    damaged = len({path for outcome in outcomes for path, _ in outcome.damaged})
    unknown = len({path for outcome in outcomes for path, _ in outcome.unknown})
    left = f"; {unknown} could not be checked, see above" if unknown else ""
    if damaged:
        return f"{damaged} of {files} files are damaged, missing or foreign: see above{left}"
    return f"all is whole: {files} files{left}"
