"""Drills on what lies in outputs: a damaged mark, a missing file, a file of someone else's."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.damage import flip
from benchmarks.drills.pipeline import STAGES, Pipeline, Tree, ended, environment_of, start, tree_of
from benchmarks.drills.trials import Row, Trial, judge, short, worded
from fashion_pggan.storage.proof.folder_mark import MARK
from fashion_pggan.storage.proof.listing import LIST

FOREIGN = "notes of mine.txt"


@dataclass(frozen=True)
class Output:
    """A folder that a stage writes.

    Args:
        folder: a pattern below the project.
        stage: who writes it.
        mark: the file that says what belongs there; empty where records do.
    """

    folder: str
    stage: str
    mark: str = MARK


OUTPUTS = (
    Output("data/raw", "crawl", mark=""),
    Output("data/curated", "curate"),
    Output("models", "train"),
    Output("data/run", "train"),
    Output("data/generated", "generate"),
    Output("runs/crawl", "crawl", LIST),
    Output("runs/curate", "curate", LIST),
    Output("runs/train/*", "train", LIST),
    Output("runs/evaluate", "evaluate", LIST),
)
STAGE = {stage.name: stage for stage in STAGES}


def marks(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """One bit changed in each mark: `verify` must say so, and the stage must not delete by it."""
    for output in OUTPUTS:
        if not output.mark:
            continue

        def harm(folder: Path, mark: str = output.mark) -> Path:
            path = folder / mark
            flip(path, chance.randrange(8 * path.stat().st_size))
            return path

        trials = [verified(pipeline, output, harm) for _ in range(tries)]
        yield Row(f"one bit in: the mark of {output.folder}", trials)


def missing(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """A file removed from each output: `verify` must name it."""

    def harm(folder: Path) -> Path:
        names = (MARK, LIST, ".lock", "sheet.png")
        path = chance.choice(
            [path for path in sorted(folder.rglob("*.*")) if path.is_file() and path.name not in names]
        )
        path.unlink()
        return path

    for output in OUTPUTS:
        yield Row(
            f"a file missing in {output.folder}", [verified(pipeline, output, harm) for _ in range(tries)]
        )


def foreign(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """A file of the user's in each target: the stage must leave it."""
    for output in OUTPUTS:
        yield Row(f"a foreign file in {output.folder}", [_foreign(pipeline, output)])


def verify(project: Path, place: Path) -> tuple[int, str]:
    """The status of `verify`, and all that it said."""
    command = [sys.executable, "-m", "fashion_pggan", "verify", str(place.relative_to(project))]
    done = subprocess.run(
        command, cwd=project, env=environment_of(project), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def verified(pipeline: Pipeline, output: Output, harm: Callable[[Path], Path]) -> Trial:
    """Harm an output, ask `verify`, and run the stage that writes it."""
    stage, project = STAGE[output.stage], pipeline.fresh(pipeline.finished)
    (folder,) = project.glob(output.folder)
    harmed = harm(folder)
    status, said = verify(project, folder)
    named = status == 1 and harmed.name in said
    words = "verify names it" if named else f"verify, status {status}: {short(said.strip())}"
    trial = judge(pipeline, project, stage, {}, words, silent=not named)
    shutil.rmtree(project)
    return trial


def _foreign(pipeline: Pipeline, output: Output) -> Trial:
    """Put a file into a target whose stage has work, run the stage, move the file away, run it again."""
    stage, project = STAGE[output.stage], pipeline.fresh(pipeline.finished)
    (folder,) = project.glob(output.folder)
    (folder / FOREIGN).write_text("mine")
    mine: Tree = tree_of(project, (f"{output.folder}/{FOREIGN}",))
    end = ended(start(project, stage))
    lost = tree_of(project, (f"{output.folder}/{FOREIGN}",)) != mine
    (folder / FOREIGN).unlink(missing_ok=True)
    silent = end.status == 0 and not pipeline.is_right(project, stage)
    trial = judge(
        pipeline, project, stage, {}, "it stays, status 0" if end.status == 0 else worded(end), silent=silent
    )
    shutil.rmtree(project)
    return Trial(trial.said, trial.then, lost, trial.silent)
