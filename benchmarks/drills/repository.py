"""The small pipeline in a repository of its own, with git and DVC, before one of its stages."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.drills.pipeline import REPOSITORY, STAGES, Pipeline, Stage, environment_of

DVC = (sys.executable, "-m", "dvc")


def repository_before(pipeline: Pipeline, stage: Stage) -> Path:
    """A clone whose stages before `stage` have run, by DVC's record."""
    source, project = pipeline.before(stage), pipeline.folder / f"repository-{stage.name}"
    if not project.exists():
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, project], check=True)
        shutil.copytree(source, project, symlinks=True, dirs_exist_ok=True)
        before = [each.name for each in STAGES[: STAGES.index(stage)]]
        if before:
            subprocess.run(
                [*DVC, "commit", "--force", "--quiet", *before],
                cwd=project,
                env=environment_of(project),
                check=True,
            )
    return pipeline.fresh(project)
