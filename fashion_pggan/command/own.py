"""The commands that belong to no stage: `demo`, `summary`, `use`, `doctor`, `verify`, `completion`."""

import logging
from pathlib import Path
from typing import Annotated, Literal

from fashion_pggan.command.options import PARAMS, OutputFile, OutputFolder
from fashion_pggan.command.roles import Writes
from fashion_pggan.errors import UserError

GRACE_S = 60.0  # seconds that a stage has to save in; train.grace_s is 30

log = logging.getLogger(__name__)


def demo(folder: OutputFolder, /) -> None:
    """Run the whole pipeline on the embedded shop, in a folder of its own; an interrupted run resumes.

    The folder holds dvc.yaml, params.yaml and all results. Work on there: change params.yaml, then `dvc
    repro`.

    For example:
        fashion-pggan demo ~/fashion

    Args:
        folder: a new or an empty folder, or one that this command made.
    """
    from fashion_pggan.project.folder import make_folder_to_work_in

    make_folder_to_work_in(folder)
    if status := _reproduce(folder):
        raise UserError(f"dvc repro in {folder} ended with status {status}: correct that, then run it again")
    summary(folder / "reports", models=folder / "models", generated=folder / "data/generated")


def _reproduce(folder: Path) -> int:
    """The status of `dvc repro` in a folder, with our own `python` on PATH; Ctrl-C lets a stage save."""
    import os
    import subprocess
    import sys

    from fashion_pggan.command.lifetime import owned, stopping_children

    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    leash = [sys.executable, "-m", "flows.leash", "--grace-s", str(GRACE_S)]
    with stopping_children(GRACE_S) as signals:
        status = subprocess.Popen(
            [*leash, "dvc", "repro"],
            cwd=folder,
            env={**owned(), "PATH": path},
            stdin=subprocess.DEVNULL,
            process_group=0,
        ).wait()
    if signals:
        raise KeyboardInterrupt
    return status


def summary(
    reports: Path = Path("reports"),
    /,
    *,
    models: Path = Path("models"),
    generated: Path = Path("data/generated"),
) -> None:
    """Show the results of a run of the pipeline on one screen.

    For example:
        fashion-pggan summary

    Args:
        reports: the folder of the stages' reports.
        models: the train stage's output.
        generated: the generate stage's output.
    """
    from fashion_pggan.summary import Summary, places_of

    print(Summary.read(reports).text(places_of(reports, models, generated)))


def use(
    name: str,
    /,
    *,
    set: tuple[str, ...] = (),  # noqa: A002  # the option's name
    out: Annotated[OutputFile, Writes("crawl", "curate", "train")] = PARAMS,
) -> None:
    """Make a preset the params.yaml; old ones are kept as params.before.yaml, params.before-2.yaml.

    For example:
        fashion-pggan use paper --set crawl.contact=me@example.org
        fashion-pggan use photos --set 'crawl.shop_images="photos"'

    Args:
        name: a file in presets/, without .yaml, or one that the program brings along.
        set: SECTION.KEY=VALUE to change in it; may be repeated, or hold several with blanks between.
        out: the file to write.
    """
    from fashion_pggan.params import preset
    from fashion_pggan.paths import here_or_shipped

    log.info(preset.use(name, set, presets=here_or_shipped(Path("presets")), params=out))


def doctor(*, json: bool = False) -> None:
    """Look at the machine and this folder before a run: a line each, and what to do.

    The status is 1 when something that params.yaml asks for cannot work. Nothing is changed, and no key is
    shown.

    For example:
        fashion-pggan doctor

    Args:
        json: print what was found as JSON.
    """
    from fashion_pggan.doctor.diagnosis import diagnose

    diagnose(Path(), as_json=json)


def verify(place: Path = Path(), /, *, json: bool = False, accept_missing: bool = False) -> None:
    """Check every file there is for damage: all bytes are read.

    The status is 0 when all is whole; 1 when a file is damaged, missing, or not what was written there; 2
    when there is nothing to check.

    For example:
        fashion-pggan verify
        fashion-pggan verify data/curated

    Args:
        place: a repository with data, models and runs; or a folder or file that a command wrote.
        json: print what was found as JSON.
        accept_missing: first take missing files off the lists of runs: you removed them on purpose, or
            accept that they are lost.
    """
    from fashion_pggan.command.verify import verify_all

    verify_all(place, json=json, accept_missing=accept_missing)


def completion(shell: Literal["bash", "fish", "zsh", "powershell"], /) -> None:
    """Print a script that completes commands and options in a shell.

    For example:
        fashion-pggan completion bash > ~/.local/share/bash-completion/completions/fashion-pggan

    Args:
        shell: for which one.
    """
    from fashion_pggan.command.line import program

    print(program().generate_completion(shell=shell))
