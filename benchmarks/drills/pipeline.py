"""A pipeline small enough to run a hundred times: its stages, and what they make undisturbed."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import yaml

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 600.0
TRACEBACK = "Traceback (most recent call last)"
SMALL = {  # parameters that replace those of the demo
    "crawl": {"max_products": 60, "shop_products": 60, "queries": ["남자 반팔티", "남자 셔츠"]},
    "curate": {"resolution": 16, "held_out": 0.0, "shard_images": 16},
    "train": {
        "labels": False,  # so few images leave a label without any
        "total_kimg": 1.2,
        "stabilise_kimg": 0.2,
        "fade_kimg": 0.2,
        "fmap_max": 16,
        "fmap_base": 128,
        "latent_size": 16,
        "minibatch": {4: 16, 8: 16, 16: 8},
        "snapshot_kimg": 0.4,
        "snapshot_s": 1.0,
        "checkpoint_s": 0.5,
        "grid_s": 1.0,
        "log_kimg": 0.1,
        "alarm_after_kimg": 0.5,
    },
    "generate": {"count": 24},
    "evaluate": {
        "images": 24,
        "patches_per_image": 16,
        "repeats": 2,
        "directions": 16,
        "replicates": 0,
        "variation_pairs": 8,
        "copies_images": 16,
    },
}
Tree = dict[str, str]  # path -> SHA-256


@dataclass(frozen=True)
class Stage:
    """A stage of dvc.yaml.

    Args:
        name: as dvc.yaml has it.
        arguments: of `python -m`.
        results: what a later stage or a person takes from it: patterns below the project.
    """

    name: str
    arguments: str
    results: tuple[str, ...]


STAGES = (
    Stage("crawl", "crawler data/raw --report reports/crawl.json", ("data/raw/shards/*",)),
    Stage(
        "curate",
        "curate data/raw data/curated --report reports/curate.json --plots reports",
        ("data/curated/**/*.npy", "data/curated/index.json"),
    ),
    Stage(
        "train",
        "train run data/curated models --report reports/train.json --history reports/training.csv "
        "--carried data/run",
        ("models/snapshots/*.safetensors",),
    ),
    Stage(
        "generate",
        "generate models data/generated --data data/curated --report reports/generate.json",
        ("data/generated/**/*.png",),
    ),
    Stage("evaluate", "evaluate snapshots data/curated models reports", ("reports/swd.csv",)),
)


@dataclass(frozen=True)
class End:
    """How a command ended."""

    status: int
    said: str  # its last line on stderr


def command_of(stage: Stage) -> list[str]:
    """The command line of a stage."""
    return [sys.executable, "-m", *stage.arguments.split()]


def start(project: Path, stage: Stage, **environment: str) -> subprocess.Popen[str]:
    """Start a stage in a process group of its own."""
    return subprocess.Popen(
        command_of(stage),
        cwd=project,
        env=environment_of(project, **environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def environment_of(project: Path, **more: str) -> dict[str, str]:
    """The environment of a stage: a cache of the project's own, and one thread, for equal results."""
    path = os.pathsep.join(part for part in (more.pop("PYTHONPATH", ""), str(REPOSITORY)) if part)
    own = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(project / "cache")}
    return os.environ | own | more


def ended(process: subprocess.Popen[str]) -> End:
    """Wait for a command."""
    said = process.communicate(timeout=TIMEOUT_S)[1]
    return End(process.returncode, last_line(said))


def last_line(said: str) -> str:
    """The last line of a command's messages; all of them when it ended in a traceback."""
    if TRACEBACK in said:
        return said
    return said.strip().rpartition("\n")[2]


def tree_of(project: Path, patterns: tuple[str, ...] = ("**/*",)) -> Tree:
    """The files of a project that match one of the patterns."""
    return {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in patterns
        for path in sorted(project.glob(pattern))
        if path.is_file()
    }


def result_of(project: Path, stage: Stage) -> Tree:
    """What a stage made, without what names times."""
    tree = tree_of(project, stage.results)
    records = project / "data/raw/records.parquet"
    if stage.name == "crawl" and records.is_file():
        rows = pq.read_table(records, columns=["url", "sha256", "file"]).to_pylist()
        tree["records"] = repr(sorted(map(str, rows)))
    return tree


@dataclass
class Pipeline:
    """The undisturbed run, to start trials from and to compare them with.

    Args:
        folder: for the run and the trials.
        chosen: stages that drills on every stage are tried on.
    """

    folder: Path
    chosen: Sequence[Stage] = STAGES
    seconds: dict[str, float] = field(default_factory=dict)
    results: dict[str, Tree] = field(default_factory=dict)
    trials: int = 0

    def run(self, tell: Callable[[str], None]) -> None:
        """Run every stage once; keep what was there before each and how long it took."""
        project = self.folder / "undisturbed"
        project.mkdir()
        sections = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
        for name, values in SMALL.items():
            sections[name].update(values)
        (project / "params.yaml").write_text(yaml.safe_dump(sections, allow_unicode=True))
        for stage in STAGES:
            shutil.copytree(project, self.before(stage))
            began = time.monotonic()
            end = ended(start(project, stage))
            self.seconds[stage.name] = time.monotonic() - began
            self.results[stage.name] = result_of(project, stage)
            if end.status or not self.results[stage.name]:
                raise RuntimeError(f"{stage.name} failed without any harm: {end.said}")
            tell(f"{stage.name}: {self.seconds[stage.name]:.1f} s undisturbed")
        self.finished = project

    def before(self, stage: Stage) -> Path:
        """The project as it was before a stage."""
        return self.folder / f"before-{stage.name}"

    def fresh(self, source: Path) -> Path:
        """A copy of a project, for a trial."""
        self.trials += 1
        return Path(shutil.copytree(source, self.folder / f"trial-{self.trials}", symlinks=True))

    def is_right(self, project: Path, stage: Stage) -> bool:
        """Whether a stage made what it makes undisturbed."""
        return result_of(project, stage) == self.results[stage.name]
