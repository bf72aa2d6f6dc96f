"""`fashion-pggan generate …`, or `python -m generate …`."""

import logging
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from fashion_pggan.command.options import RUNS, Device, OptionalOutputFile
from fashion_pggan.command.roles import Makes, Writes
from fashion_pggan.errors import ArgumentError
from generate.options import SETTINGS, Between, Ends, Frames, Grid, Settings

MODELS = Path("models")

app = App(name="generate")
log = logging.getLogger("generate")


@app.default
def generate(
    snapshot: Path | None = None,
    out: Annotated[Path | None, Makes] = None,
    /,
    *,
    params: Path | None = None,
    settings: Annotated[Settings, Parameter(name="*")] = SETTINGS,
    data: Path | None = None,
    distances: Path | None = None,
    runs: Path = RUNS,
    report: Annotated[OptionalOutputFile, Writes("images", "kimg", "resolution")] = None,
    device: Device = "auto",
    grid: Grid = None,
    interpolate: Ends = None,
    between: Between = None,
    recipe: Path | None = None,
    frames: Frames = 60,
) -> None:
    """Make a dataset of new images with a snapshot, or a grid, a film, a recipe's image.

    For example:
        fashion-pggan generate models data/generated --data data/curated
        fashion-pggan generate models grid.png --grid 4x8
        fashion-pggan generate models film.webp --interpolate 3 8 --frames 120
        fashion-pggan generate models labels.png --grid labelsx8
        fashion-pggan generate --recipe image.png

    Args:
        snapshot: a .safetensors file, or a folder of models (its last snapshot, without --distances).
        out: the folder or file to make; replaced as a whole.
        params: the file of parameters; params.yaml by default, without one the preset paper.
        settings: parameters in place of those of params.yaml.
        data: the training dataset, to look up the nearest images in.
        distances: the evaluation's swd.json: of a folder of models, its best snapshot is taken.
        runs: the folder that keeps the critic's checkpoints.
        report: a JSON file for the numbers that `dvc metrics` shows.
        device: auto, cpu, cuda or cuda:N.
        grid: ROWSxCOLUMNS of images side by side in one PNG; labelsxCOLUMNS: the same latents of each label.
        interpolate: two latent indices to make a film between, .webp or .mp4.
        between: with --interpolate, the labels of both ends.
        recipe: an image's recipe (JSON or PNG), to make the image again.
        frames: frames of the film.
    """
    given = {"--grid": grid, "--interpolate": interpolate, "--recipe": recipe}
    chosen = [name for name, value in given.items() if value is not None]
    if between and not interpolate:
        raise ArgumentError("--between needs both ends of a film: give --interpolate, too")
    if len(chosen) > 1:
        raise ArgumentError(f"{' and '.join(chosen)} exclude each other: give one")
    if recipe is None and (snapshot is None or out is None):
        missing = "SNAPSHOT is" if snapshot is None else "OUT is"
        raise ArgumentError(f"{missing} missing: give a snapshot or a folder of models, and where to write")
    from generate import commands
    from generate.by_distance import best_in

    if distances is not None and snapshot is not None and snapshot.is_dir():
        snapshot = best_in(snapshot, distances)
    if recipe is not None:
        commands.again(recipe, snapshot or MODELS, out, device)
        return
    assert snapshot is not None
    assert out is not None
    section = commands.section_of(params, settings)
    if grid is not None:
        commands.grid(snapshot, out, section, grid, device)
    elif interpolate is not None:
        commands.film(snapshot, out, section, interpolate, between, frames, device)
    else:
        commands.dataset(snapshot, out, section, data=data, runs=runs, report=report, device=device)
