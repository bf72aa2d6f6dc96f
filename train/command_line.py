"""`fashion-pggan train …`, or `python -m train …`."""

import json as writer
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App

from fashion_pggan.command.options import (
    PARAMS,
    RUNS,
    Device,
    OptionalOutputFile,
    OutputFile,
    OutputFolder,
    Port,
)
from fashion_pggan.command.roles import Makes, Writes

BOARD_PORT = 6006  # as TensorBoard has it

HELP = """Train a progressive GAN; follow its runs, export and import its snapshots.

For example:
    fashion-pggan train run data/curated models
    fashion-pggan train status
"""

app = App(name="train", help=HELP)


@app.command
def run(
    dataset: Path,
    models: Annotated[Path, Makes],
    /,
    *,
    params: Path = PARAMS,
    runs: OutputFolder = RUNS,
    report: Annotated[OptionalOutputFile, Writes("images_shown", "params_hash")] = None,
    history: Annotated[OptionalOutputFile, Writes("kimg", "lod", "critic_loss")] = None,
    carried: Annotated[Path | None, Makes] = None,
    device: Device = "auto",
    resume: str = "",
    start_from: str = "",
    afresh: bool = False,
) -> None:
    """Train a progressive GAN, or resume an interrupted run from its last checkpoint.

    For example:
        fashion-pggan train run data/curated models
        torchrun --standalone --nproc-per-node=4 -m train run data/curated models

    Args:
        dataset: a curated dataset (data/curated).
        models: the folder for snapshots and grids; replaced as a whole.
        params: the file of parameters.
        runs: the folder that keeps checkpoints.
        report: a JSON file for the run's figures.
        history: a CSV file for the log.
        carried: a folder for the run's last checkpoint and log, from which another clone resumes it.
        device: auto, cpu, cuda or cuda:N.
        resume: a run, by its name or folder, to resume with other parameters or data (train.resume).
        start_from: weights to start from: a run, models or a snapshot with its critic (train.start_from).
        afresh: train although DVC lacks the files of the run that it carries (train.afresh).
    """
    from fashion_pggan.params import load_params
    from train import stage
    from train.processes.launching import check_devices, launch, to_launch

    values = load_params(params)
    named = {"resume": resume, "start_from": start_from, "afresh": afresh}
    section = values.train.model_copy(update={name: value for name, value in named.items() if value})
    if to_launch(section.processes):
        options = {"params": params, "runs": runs, "report": report, "history": history, "device": device}
        check_devices(device, section.processes)
        given = {**options, "carried": carried, "resume": resume, "start-from": start_from, "afresh": afresh}
        launch("train", ["run", dataset, models], given, section)
        return
    stage.run(
        dataset,
        models,
        section,
        runs=runs,
        report=report,
        history=history,
        carried=carried,
        device=device,
        measured=values.evaluate.images,
    )


@app.command
def board(*, runs: Path = RUNS, port: Port = BOARD_PORT) -> None:
    """Show the curves and images of runs in TensorBoard, on this machine alone, until interrupted.

    For example:
        fashion-pggan train board

    Args:
        runs: the folder that keeps the runs.
        port: of the page; 0: a free one.
    """
    from train.record.board import serve_board

    serve_board(runs, port)


@app.command
def status(run: Path | None = None, /, *, runs: Path = RUNS, json: bool = False) -> None:
    """Show where runs stand, without touching them.

    For example:
        fashion-pggan train status

    Args:
        run: a run's folder; all runs by default.
        runs: the folder of runs.
        json: print JSON, for programs.
    """
    from fashion_pggan.errors import UserError
    from train.record.status import run_status, runs_in, text_of

    states, unreadable = [run_status(run)] if run else [], []
    for each in [] if run else runs_in(runs):
        try:
            states.append(run_status(each))
        except UserError as error:
            unreadable.append(str(error))
    if json:
        print(writer.dumps(states[0] if run else states, indent=1))
    else:
        print("\n\n".join(text_of(standing) for standing in states))
    if unreadable:
        raise UserError("; ".join(unreadable))


@app.command
def export(
    snapshot: Path,
    out: OutputFile,
    /,
    *,
    format: Literal["onnx", "torch-export"],  # noqa: A002  # the option's name
) -> None:
    """Write a snapshot's generator in a form that other programs run.

    For example:
        fashion-pggan train export models/snapshots/latest.safetensors generator.onnx --format onnx

    Args:
        snapshot: a .safetensors file.
        out: the file to write.
        format: which form.
    """
    from train.exchange.generator_export import export as write

    write(snapshot, out, format)


@app.command
def import_official(weights: Path, out: OutputFile, /) -> None:
    """Make a snapshot of the published program's weights.

    For example:
        fashion-pggan train import-official weights.npz snapshot.safetensors

    Args:
        weights: an .npz file with the published variables' names.
        out: the snapshot to write (.safetensors).
    """
    from train.exchange.published import import_official as read

    read(weights, out)


@app.command
def export_official(snapshot: Path, out: OutputFile, /) -> None:
    """Write a snapshot's weights under the published program's names.

    For example:
        fashion-pggan train export-official snapshot.safetensors weights.npz

    Args:
        snapshot: a .safetensors file.
        out: the .npz file to write.
    """
    from train.exchange.published import export_official as write

    write(snapshot, out)
