"""`fashion-pggan runs …`: what there is of runs, and what becomes of them."""

import json as writer
import logging
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App

from fashion_pggan.command.options import PARAMS, RUNS, OutputFile, OutputFolder
from fashion_pggan.command.roles import Keeps
from fashion_pggan.errors import bytes_in_words
from fashion_pggan.paths import to_type

HELP = """List the runs of training, remove them, and move them to another clone or machine.

For example:
    fashion-pggan runs list
    fashion-pggan runs export 8a0c4be1f29d3a57 run.tar
    fashion-pggan runs import run.tar
"""

app = App(name="runs", help=HELP)
log = logging.getLogger(__name__)


@app.command(name="list")
def list_runs(
    *, runs: Path = RUNS, models: Path = Path("models"), params: Path = PARAMS, json: bool = False
) -> None:
    """Show every run with its state, its size on the disk, and what uses it; the latest first.

    For example:
        fashion-pggan runs list

    Args:
        runs: the folder of runs.
        models: trained models, which are of one of the runs.
        params: the file of parameters, whose train.resume and train.start_from may name runs.
        json: print JSON, for programs.
    """
    from train.travel.inventory import inventory, table

    found = inventory(runs, models, params)
    print(writer.dumps(found, indent=1) if json else table(found))


@app.command
def remove(run: str, /, *, runs: Annotated[Path, Keeps] = RUNS) -> None:
    """Delete a run that nobody needs: its checkpoints, snapshots and logs.

    A run that is being trained stays, and so does a run with a file that this program did not write.

    For example:
        fashion-pggan runs remove 8a0c4be1f29d3a57

    Args:
        run: its name, or its folder.
        runs: the folder of runs.
    """
    from train.travel.removal import remove as delete
    from train.travel.run_files import folder_of

    folder = folder_of(run, runs)
    log.info("%s is removed: %s are free", folder, bytes_in_words(delete(folder)))


@app.command
def track(
    *run: str,
    to: Literal["mlflow", "wandb"],
    project: str = "fashion-pggan",
    follow: bool = False,
    runs: Path = RUNS,
    reports: Path = Path("reports"),
) -> None:
    """Send rows, images and distances of runs to MLflow or Weights & Biases, where a team looks at them.

    What the tracker has is not sent again. A training does not wait for it, and does not know of it.

    For example:
        fashion-pggan runs track --to mlflow --follow

    Args:
        run: names or folders of runs; all runs by default.
        to: which tracker; its client is installed by hand, and reads address and key from the environment.
        project: at the tracker; MLflow calls it experiment.
        follow: send what is new every 30 seconds until no run trains.
        runs: the folder of runs.
        reports: the folder with the distances of a run's snapshots, which are sent too.
    """
    from train.record.status import runs_in
    from train.tracking.mirror import Mirror
    from train.tracking.tracker import opener
    from train.travel.run_files import folder_of

    folders = [folder_of(name, runs) for name in run] or runs_in(runs)
    mirror = Mirror(folders, opener(to), project, reports)
    mirror.follow() if follow else mirror.send()


@app.command
def share(
    *,
    runs: Annotated[Path, Keeps] = RUNS,
    models: Path = Path("models"),
    carried: Path = Path("data/run"),
) -> None:
    """Hold what a run and its models have in common once on the disk, where DVC has copied it apart.

    Files of runs become hard links to equal files of the outputs. DVC's cache keeps its own copy.

    For example:
        fashion-pggan runs share

    Args:
        runs: the folder of runs.
        models: trained models.
        carried: what DVC carries of the run behind them.
    """
    from train.travel.sharing import share as share_files

    log.info("%s: %s are free now", runs, bytes_in_words(share_files(runs, [models, carried])))


@app.command
def export(
    run: str, file: OutputFile, /, *, runs: Annotated[Path, Keeps] = RUNS, without_snapshots: bool = False
) -> None:
    """Write what resuming a run needs into one file: its last checkpoint, log, history and snapshots.

    For example:
        fashion-pggan runs export 8a0c4be1f29d3a57 run.tar

    Args:
        run: its name, or its folder.
        file: the file to write (.tar).
        runs: the folder of runs.
        without_snapshots: leave snapshots and their images out: a smaller file. Resuming needs them: copy
            models/snapshots into the run's folder.
    """
    from train.travel.archive import export_run
    from train.travel.run_files import folder_of

    folder = folder_of(run, runs)
    size = export_run(folder, file, snapshots=not without_snapshots)
    typed = to_type("fashion-pggan runs import", file)
    log.info("%s holds %s (%s): in another clone, run %s", file, folder, bytes_in_words(size), typed)


@app.command(name="import")
def import_(file: Path, /, *, runs: OutputFolder = RUNS) -> None:
    """Put an exported run among the runs, after checking all of it; the same command then resumes it.

    For example:
        fashion-pggan runs import run.tar

    Args:
        file: what `fashion-pggan runs export` wrote.
        runs: the folder of runs.
    """
    from train.travel.archive import import_run

    folder = import_run(file, runs)
    how = (
        "dvc repro train"
        if runs == RUNS
        else to_type("fashion-pggan train run", "data/curated", "models", runs=runs)
    )
    log.info("%s is here: %s resumes it, and --resume %s with changes", folder, how, folder.name)
