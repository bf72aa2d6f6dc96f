"""`python -m benchmarks.drills`: run the drills and print the reliability table."""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.drills.drills import DRILLS
from benchmarks.drills.pipeline import Pipeline
from benchmarks.drills.trials import Row
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.provenance import cores, git_commit
from fashion_pggan.storage.files import write_text

PAGE = """# Drills

`make drills` harms a small pipeline on purpose and compares the results with those of an undisturbed run.

- **lost**: trials in which a file that a stage reads was gone or changed afterwards.
- **silent**: trials in which a command ended with status 0 and another result. Nothing may be.
- **said**: the last line of the harmed run, with numbers as N; *killed*: it could say nothing.
- **next run**: what the same command did when it was given again without the harm.

*verify names it*: `fashion-pggan verify` ends with status 1 and the path of the harmed file.
A foreign file is one of the user's, put into a folder that a stage writes.
*SIGTERM* comes whenever the log of a training has a new row, to the process that a person would stop, or to
all of them; 30 s later comes SIGKILL.

A power cut is simulated: the stage is killed, and each file loses what Python had not synced. Renames stay.
The clock is Python's. Full disks are mounts of their own (tmpfs).

{about}:

{table}
"""
HEADS = ("drill", "tries", "lost", "silent", "said", "next run")


def main() -> None:
    """Run the chosen drills; print a row as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drills", description=__doc__)
    parser.add_argument("drills", nargs="*", help=f"of {', '.join(DRILLS)}; all by default")
    parser.add_argument(
        "--tries", type=int, default=5, help="per row; some drills have a number of their own"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="a Markdown page for the table")
    arguments = parser.parse_args()
    if unknown := set(arguments.drills) - set(DRILLS):
        raise UserError(f"no drill is named {', '.join(sorted(unknown))}: choose of {', '.join(DRILLS)}")
    began, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="drills-") as folder:
        pipeline = Pipeline(Path(folder))
        pipeline.run(lambda line: print(line, file=sys.stderr, flush=True))
        print(_line(HEADS), _line(["---"] * len(HEADS)), sep="\n", flush=True)
        for name in arguments.drills or DRILLS:
            for row in DRILLS[name](pipeline, arguments.tries, random.Random(arguments.seed)):  # noqa: S311  # to be repeated
                print(_line(row.cells()), flush=True)
                rows.append(row)
    if arguments.write:
        write_text(arguments.write, _page(rows, time.monotonic() - began))
    bad = sum(trial.lost or trial.silent for row in rows for trial in row.trials)
    sys.exit(f"error: {bad} trials lost a file or passed in silence: see the table" if bad else 0)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _page(rows: list[Row], seconds: float) -> str:
    """The reliability table as a page of the documentation."""
    about = f"{datetime.now(UTC):%Y-%m-%d}, commit {git_commit()[:7]}, {cores()}, {seconds / 60:.0f} minutes"
    table = [_line(HEADS), _line(["---"] * len(HEADS)), *(_line(row.cells()) for row in rows)]
    return PAGE.format(about=about, table="\n".join(table))


if __name__ == "__main__":
    run_command(main)
