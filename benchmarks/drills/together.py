"""Two different commands at once on one project."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.drills import harms
from benchmarks.drills.pipeline import (
    STAGES,
    TIMEOUT_S,
    End,
    Pipeline,
    Stage,
    ended,
    environment_of,
    start,
    tree_of,
)
from benchmarks.drills.repository import repository_before
from benchmarks.drills.trials import INPUTS, Row, Trial, judge, short

STAGE = {stage.name: stage for stage in STAGES}
OTHER = "data/other"  # where a second curation writes
MEASURED = "distances.json"
MEASURE = Stage("measure", f"evaluate data/curated data/generated --no-floor --json {MEASURED}", (MEASURED,))
ANEW = Stage("generate", f"{STAGE['generate'].arguments} --seed 7", STAGE["generate"].results)
LOOK_S = 0.05
REPRO = Stage("curate", "dvc repro --single-item curate", STAGE["curate"].results)


def together(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Commands that use one folder at once."""
    for name, trial in (
        ("dvc repro twice at once in one repository", _repro_twice),
        ("curate into two folders at once, with one knowledge folder", _curate_twice),
        ("generate into a folder that evaluate reads", _generate_and_evaluate),
        ("explore while training replaces the models", _explore_and_train),
    ):
        yield Row(name, [trial(pipeline) for _ in range(tries)])


def _repro_twice(pipeline: Pipeline) -> Trial:
    project = repository_before(pipeline, STAGE["curate"])
    inputs = tree_of(project, INPUTS["curate"])
    harmed = harms.run_twice(project, REPRO)
    return _judged(pipeline, project, STAGE["curate"], inputs, harmed)


def _curate_twice(pipeline: Pipeline) -> Trial:
    project = pipeline.fresh(pipeline.before(STAGE["curate"]))
    inputs = tree_of(project, INPUTS["curate"])
    second = Stage("curate", f"curate data/raw {OTHER} --report other.json --plots other", ())
    one, other = (ended(each) for each in [start(project, STAGE["curate"]), start(project, second)])
    trees = [tree_of(project / place, ("**/*.npy", "index.json")) for place in ("data/curated", OTHER)]
    silent = other.status == 0 and not (one.status or trees[0] == trees[1])
    failed = [end for end in (one, other) if end.status]
    said = f"one of two: {failed[0].said}" if failed else "both ended well"
    return _judged(pipeline, project, STAGE["curate"], inputs, End(one.status, said), silent=silent)


def _generate_and_evaluate(pipeline: Pipeline) -> Trial:
    """Measure old images while new ones take their place: the distances must be those of one of both."""
    project = pipeline.fresh(pipeline.finished)
    inputs = tree_of(project, INPUTS["generate"])
    allowed = [_measured(project, "before")]
    measuring = start(project, MEASURE, XDG_CACHE_HOME=str(project / "during"))
    made, measured = ended(start(project, ANEW)), ended(measuring)
    during = _distances(project) if measured.status == 0 else None
    allowed.append(_measured(project, "after"))
    silent = during is not None and during not in allowed
    said = f"evaluate: {measured.said}" if measured.status else "both ended well"
    end = End(made.status, f"generate: {made.said}" if made.status else said)
    return _judged(pipeline, project, STAGE["generate"], inputs, end, silent=silent, checked=False)


def _measured(project: Path, cache: str) -> str:
    end = ended(start(project, MEASURE, XDG_CACHE_HOME=str(project / cache)))
    if end.status:
        raise RuntimeError(f"evaluate failed without any harm: {end.said}")
    return _distances(project)


def _distances(project: Path) -> str:
    levels = json.loads((project / MEASURED).read_text())["levels"]
    (project / MEASURED).unlink()
    return json.dumps(levels)


def _explore_and_train(pipeline: Pipeline) -> Trial:
    """Ask the explorer for images, while a training replaces the snapshots that it shows."""
    project = pipeline.fresh(pipeline.finished)
    shutil.rmtree(project / "runs/train")
    inputs = tree_of(project, INPUTS["train"])
    with _explorer(project) as page:
        training, answers = start(project, STAGE["train"]), [_image(page)]
        while training.poll() is None:
            answers.append(_image(page))
            time.sleep(LOOK_S)
        answers.append(_image(page))
    end, other = ended(training), set(answers) - {answers[0]}
    said = short(min(other).decode(errors="replace")) if other else "the page shows the same image throughout"
    return _judged(
        pipeline, project, STAGE["train"], inputs, End(end.status, end.said if end.status else said)
    )


@contextmanager
def _explorer(project: Path) -> Iterator[str]:
    """The address of an explorer."""
    process = subprocess.Popen(
        [sys.executable, "-m", "generate.explore", "--port", "0"],
        cwd=project,
        env=environment_of(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        for line in process.stdout:
            if "http://" in line:
                yield line[line.index("http://") :].split()[0].rstrip("/,;:")
                break
        else:
            raise RuntimeError("the explorer does not start")
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def _image(page: str) -> bytes:
    try:
        with urlopen(f"{page}/image.png?seed=1&latent_index=3", timeout=TIMEOUT_S) as answer:  # noqa: S310  # on loopback
            image: bytes = answer.read()
        return image
    except URLError as error:
        return str(error).encode()


def _judged(
    pipeline: Pipeline,
    project: Path,
    stage: Stage,
    inputs: dict[str, str],
    end: End,
    *,
    silent: bool = False,
    checked: bool = True,
) -> Trial:
    silent = silent or (checked and end.status == 0 and not pipeline.is_right(project, stage))
    trial = judge(pipeline, project, stage, inputs, end.said, silent=silent)
    shutil.rmtree(project)
    return replace(trial, said=short(trial.said))
