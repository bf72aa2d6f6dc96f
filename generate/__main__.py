"""`python -m generate SNAPSHOT OUT`: a dataset of new images, or a grid, a film, a recipe's image."""

import argparse
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from fashion_pggan.command import run_command
from fashion_pggan.devices import device_of
from fashion_pggan.errors import UserError
from fashion_pggan.params import LARGEST_INDEX, GenerateParams
from fashion_pggan.params.preset import params_or_shipped
from fashion_pggan.storage.files import write_bytes
from generate import stage
from generate.sampling.film import check_png, write_film, write_sheet
from generate.sampling.recipe import read_recipe
from generate.sampling.sampler import Sampler, snapshots_in

MODELS = Path("models")
MOST_IMAGES = 10_000  # in a grid or a film
# parameter -> (type, help); each may be given on the command line in place of params.yaml's
SETTINGS: dict[str, tuple[type, str]] = {
    "count": (int, "images to make"),
    "seed": (int, "of the latents"),
    "first": (int, "latent index of the first image"),
    "form": (str, "imagefolder, webdataset or parquet"),
    "format": (str, "png, webp or jpeg"),
    "truncation": (float, "1: off; lower: nearer to the mean image"),
    "reject_copies": (float, "share of training images that are nearer to another, e.g. 0.01; 0: off"),
    "reject_scores": (float, "share of low critic scores to leave out; 0: off"),
}

log = logging.getLogger(__name__)


def main() -> None:
    """Parse the command line and do what it asks."""
    given = _parser().parse_args()
    device = device_of(given.device)
    if given.recipe:
        _again(given.recipe, given.snapshot or MODELS, given.out, device)
        return
    if not (given.snapshot and given.out):
        raise UserError("give a snapshot or a folder of models, and where to write: generate SNAPSHOT OUT")
    params = _params(given)
    if not (given.grid or given.interpolate):
        count = stage.run(
            given.snapshot,
            given.out,
            params,
            data=given.data,
            runs=given.runs,
            report=given.report,
            device=device,
        )
        log.info("%d images in %s", count, given.out)
        return
    sampler = Sampler.load(_snapshot(given.snapshot), device).truncated(params.truncation)
    if given.grid:
        write_sheet(given.out, sampler, params.seed, params.first, *_shape(given.grid))
    else:
        _check_film(given.interpolate, given.frames)
        write_film(given.out, sampler, params.seed, tuple(given.interpolate), given.frames)
    log.info("%s", given.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generate", description=__doc__)
    parser.add_argument(
        "snapshot",
        type=Path,
        nargs="?",
        help="a .safetensors file, or a folder of models (its last snapshot)",
    )
    parser.add_argument("out", type=Path, nargs="?", help="folder or file to make; replaced as a whole")
    parser.add_argument("--params", type=Path, help="default: params.yaml here, else the preset paper")
    for name, (kind, text) in SETTINGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=f"{text} (generate.{name})")
    parser.add_argument("--data", type=Path, help="the training dataset: nearest images are looked up in it")
    parser.add_argument("--runs", type=Path, default=stage.RUNS, help="where the critic's checkpoints are")
    parser.add_argument("--report", type=Path, help="where to write the numbers for `dvc metrics` (JSON)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--grid", metavar="ROWSxCOLUMNS", help="one PNG with images side by side")
    what.add_argument("--interpolate", type=int, nargs=2, metavar=("A", "B"), help="a film, .webp or .mp4")
    what.add_argument("--recipe", type=Path, help="make the image of a recipe (JSON or PNG) again")
    parser.add_argument("--frames", type=int, default=60, help="of the film")
    return parser


def _params(given: argparse.Namespace) -> GenerateParams:
    params = params_or_shipped(given.params, "generate").generate
    for name in SETTINGS:
        if getattr(given, name) is not None:
            params = _replaced(params, name, getattr(given, name))
    return params


def _replaced(params: GenerateParams, name: str, value: Any) -> GenerateParams:
    try:
        return GenerateParams.model_validate({**params.model_dump(), name: value})
    except ValidationError as error:
        flag = name.replace("_", "-")
        raise UserError(f"--{flag} {value}: {error.errors()[0]['msg']}") from error


def _snapshot(source: Path) -> Path:
    return snapshots_in(source)[-1] if source.is_dir() else source


def _shape(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    rows, columns = (int(part) for part in match.groups()) if match else (0, 0)
    if not 1 <= rows * columns <= MOST_IMAGES:
        raise UserError(f"--grid {text}: give rows and columns, such as 4x8, {MOST_IMAGES} images at most")
    return rows, columns


def _check_film(ends: Sequence[int], frames: int) -> None:
    if not all(0 <= end <= LARGEST_INDEX for end in ends):
        raise UserError(f"--interpolate {ends[0]} {ends[1]}: give two latent indices from 0 on")
    if not 2 <= frames <= MOST_IMAGES:
        raise UserError(f"--frames {frames}: give 2 to {MOST_IMAGES}")


def _again(path: Path, source: Path, out: Path | None, device: torch.device) -> None:
    """Make a recipe's image again."""
    out = out or path.with_name(f"{path.stem}-again.png")
    recipe = read_recipe(path)
    check_png(out)
    if source.is_dir():
        source = source / "snapshots" / Path(f"{recipe.snapshot}.safetensors").name
    sampler = Sampler.load(source, device)
    recipe.check(sampler)
    write_bytes(out, recipe.png(recipe.image(sampler)))
    log.info("%s", out)


if __name__ == "__main__":
    run_command(main)
