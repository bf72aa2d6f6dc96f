"""`python -m benchmarks.drills`: run the drills and print the reliability table."""

import argparse
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.drills.drills import DRILLS
from benchmarks.drills.page import head, line, page
from benchmarks.drills.pipeline import STAGES, Pipeline
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.provenance import git_commit
from fashion_pggan.storage.files import write_text


def main() -> None:
    """Run the chosen drills; print a row as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drills", description=__doc__)
    parser.add_argument("drills", nargs="*", help=f"of {', '.join(DRILLS)}; all by default")
    parser.add_argument(
        "--tries", type=int, default=5, help="per row; some drills have a number of their own"
    )
    parser.add_argument("--stage", choices=[stage.name for stage in STAGES], help="of drills on every stage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="a Markdown page for the table")
    arguments = parser.parse_args()
    if unknown := set(arguments.drills) - set(DRILLS):
        raise UserError(f"no drill is named {', '.join(sorted(unknown))}: choose of {', '.join(DRILLS)}")
    taken = f"{datetime.now(UTC):%Y-%m-%d} {git_commit()[:7]}"
    former = arguments.drills and arguments.write and arguments.write.is_file()
    before, lines, bad = arguments.write.read_text() if former else "", list[str](), 0
    with tempfile.TemporaryDirectory(prefix="drills-") as folder:
        pipeline = Pipeline(
            Path(folder), [stage for stage in STAGES if arguments.stage in (None, stage.name)]
        )
        pipeline.run(lambda line: print(line, file=sys.stderr, flush=True))
        print(head(), flush=True)
        for name in arguments.drills or DRILLS:
            for row in DRILLS[name](pipeline, arguments.tries, random.Random(arguments.seed)):  # noqa: S311  # to be repeated
                lines.append(line([*row.cells(), taken]))
                print(lines[-1], flush=True)
                bad += sum(trial.lost or trial.silent for trial in row.trials)
                if arguments.write:  # at once: all of them take long
                    write_text(arguments.write, page(lines, before))
    sys.exit(f"error: {bad} trials lost a file or passed in silence: see the table" if bad else 0)


if __name__ == "__main__":
    run_command(main)
