"""A trial: harm a run, run it again, and say what was lost, what was told and what passed in silence."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drills.pipeline import TRACEBACK, End, Pipeline, Stage, Tree, ended, start, tree_of

Harm = Callable[[Path, Stage], End]  # runs the stage in a project, with harm
RUN_AGAIN = 3  # times the same command is given before a trial counts as stuck


@dataclass(frozen=True)
class Trial:
    """What came of one harm."""

    said: str
    then: str
    lost: bool  # a file that was there before, and that the stage does not replace, is gone or changed
    silent: bool  # a run ended well with another result


@dataclass(frozen=True)
class Row:
    """The trials of one kind."""

    drill: str
    trials: list[Trial]

    def cells(self) -> list[str]:
        """drill, tries, lost, silent, said, next run."""
        lost, silent = sum(trial.lost for trial in self.trials), sum(trial.silent for trial in self.trials)
        return [
            self.drill,
            str(len(self.trials)),
            str(lost),
            str(silent),
            _counted(trial.said for trial in self.trials),
            _counted(trial.then for trial in self.trials),
        ]


def try_once(pipeline: Pipeline, stage: Stage, harm: Harm) -> Trial:
    """Harm a stage's first run in a copy of the project, then run it undisturbed until it ends well."""
    project = pipeline.fresh(pipeline.before(stage))
    inputs = tree_of(project, INPUTS[stage.name])
    harmed = harm(project, stage)
    silent = harmed.status == 0 and not pipeline.is_right(project, stage)
    trial = judge(pipeline, project, stage, inputs, harmed.said, silent=silent)
    shutil.rmtree(project)
    return trial


def judge(pipeline: Pipeline, project: Path, stage: Stage, inputs: Tree, said: str, *, silent: bool) -> Trial:
    """Run a stage again until it ends well, and compare."""
    ends = []
    for _ in range(RUN_AGAIN):
        ends.append(ended(start(project, stage)))
        if ends[-1].status == 0:
            break
    right = pipeline.is_right(project, stage)
    then = worded(ends[-1]) if ends[-1].status else "same result" if right else "another result"
    then = "says the same" if then == short(said) else then
    if len(ends) > 1 and not ends[-1].status:
        then = f"{worded(ends[0])}; then {then}"
    kept = tree_of(project)
    lost = any(kept.get(name) != digest for name, digest in inputs.items())
    return Trial(said, then, lost, silent or (ends[-1].status == 0 and not right))


INPUTS = {  # what a stage reads and must leave as it is
    "crawl": ("params.yaml",),
    "curate": ("params.yaml", "data/raw/**/*"),
    "train": ("params.yaml", "data/raw/**/*", "data/curated/**/*"),
    "generate": ("params.yaml", "data/raw/**/*", "data/curated/**/*", "models/**/*"),
    "evaluate": ("params.yaml", "data/raw/**/*", "data/curated/**/*", "models/**/*", "data/generated/**/*"),
}


def worded(end: End) -> str:
    """What a command said, without paths and numbers, so that like answers are counted together."""
    return "nothing, status 0" if end.status == 0 else short(end.said)


def short(said: str) -> str:
    """A line without what differs from trial to trial; a traceback's last."""
    if TRACEBACK in said:
        return f"TRACEBACK: {said.strip().rpartition(chr(10))[2]}"
    said = re.sub(r"/\S*/", "…/", said)
    said = re.sub(r" \(\S*\)", "", said)  # a path alone
    said = re.sub(r"\b[0-9a-f]{16,64}\b", "HASH", said)
    return re.sub(r"\d+(\.\d+)?", "N", said) or "nothing"


def _counted(texts: Iterable[str]) -> str:
    counts = Counter(texts)
    total = sum(counts.values())
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(f"{count} of {total}: {text}" for text, count in counts.most_common())
