"""Trainings that SIGTERM stops inside every wrapper, and that resume afterwards."""

import random
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.drills.pipeline import STAGES, Pipeline, environment_of
from benchmarks.drills.repository import DVC, repository_before
from benchmarks.drills.scheduler import Of, Stop, stop_often
from benchmarks.drills.trials import Row, Trial
from fashion_pggan.errors import UserError

LEAST_KIMG = 0.001  # less than between any two looks at the schedule
GRACE_S = 30.0  # that schedulers give
STAGE = {stage.name: stage for stage in STAGES}
REPRO = (*DVC, "repro", "--single-item", "train")
SERVED = """
export PREFECT_API_URL=$DRILL_URL
python -m flows & served=$!
trap 'kill $served; wait $served; exit 143' TERM
(until python -m flows.ask train; do sleep 0.2; kill -0 $served || exit 1; done) & asked=$!
wait $asked; status=$?
kill -INT $served; wait $served
exit $status
"""


@dataclass(frozen=True)
class Wrapper:
    """What a training runs in, and who gets SIGTERM."""

    name: str
    command: tuple[str, ...]
    of: Of


WRAPPERS = (
    Wrapper("dvc repro, all its processes (SLURM)", REPRO, "all"),
    Wrapper("dvc repro, DVC alone", REPRO, "alone"),
    Wrapper(
        "flows.leash dvc repro, the first process (Kubernetes)",
        (sys.executable, "-m", "flows.leash", "--grace-s", "60", *REPRO[2:]),
        "first",
    ),
    Wrapper("a flow (flows run train)", (sys.executable, "-m", "flows", "run", "train"), "alone"),
    Wrapper("a worker (make serve)", ("sh", "-c", SERVED), "alone"),
    Wrapper(
        "make demo",
        ("make", f"--assume-old={sys.prefix}/installed", f"VENV={sys.prefix}", "demo"),
        "alone",
    ),
)


def stops(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """A training stopped by SIGTERM whenever its log has a new row."""
    for wrapper in WRAPPERS:
        yield Row(f"SIGTERM: {wrapper.name}", _trials(pipeline, wrapper, tries))


def _trials(pipeline: Pipeline, wrapper: Wrapper, tries: int) -> list[Trial]:
    project = repository_before(pipeline, STAGE["train"])
    log_at_every_look(project / "params.yaml")
    made: list[Stop] = []
    try:
        made.extend(
            stop_often(
                wrapper.command,
                project,
                tries,
                of=wrapper.of,
                grace_s=GRACE_S,
                environment=_environment(project),
            )
        )
        right = pipeline.is_right(project, STAGE["train"])
        then = "same result" if right else "another result"
    except UserError as error:
        shutil.rmtree(project)
        return [
            *(Trial(_said(stop), "", stop.lost, False) for stop in made),
            Trial("", str(error), False, True),
        ]
    shutil.rmtree(project)
    return [Trial(_said(stop), then, stop.lost, not right) for stop in made]


def log_at_every_look(params: Path) -> None:
    """Have the training write as many rows as it can, a stop each; its numbers stay."""
    sections = yaml.safe_load(params.read_text())
    sections["train"]["log_kimg"] = LEAST_KIMG
    params.write_text(yaml.safe_dump(sections, allow_unicode=True))


def _said(stop: Stop) -> str:
    if stop.killed:
        return f"{stop.killed} processes did not end within {GRACE_S:.0f} s"
    return f"{stop.logged - stop.saved} images not saved" if stop.lost else "all that was logged is saved"


def _environment(project: Path) -> dict[str, str]:
    """The clone's own code, and a Prefect of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = environment_of(project)
    programs = Path(sys.executable).parent
    return own | {
        "PATH": f"{programs}:{own['PATH']}",
        "PYTHONPATH": str(project),
        "PREFECT_HOME": str(project / "prefect"),
        "DRILL_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }
