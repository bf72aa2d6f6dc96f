"""The commands of `fashion-pggan generate`: make a dataset, a grid, a film, or a recipe's image again."""

import logging
from dataclasses import asdict
from pathlib import Path

from fashion_pggan.devices import device_of
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.params import LARGEST_INDEX, GenerateParams
from fashion_pggan.params.given import with_given
from fashion_pggan.params.preset import params_or_shipped
from fashion_pggan.paths import check_file_to_write
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.outputs import check_output
from generate import stage
from generate.options import Settings, shape_of
from generate.sampling.film import check_film, check_png, write_film, write_sheet
from generate.sampling.recipe import read_recipe
from generate.sampling.sampler import Sampler, snapshots_in

log = logging.getLogger("generate")


def dataset(
    snapshot: Path,
    out: Path,
    params: GenerateParams,
    *,
    data: Path | None,
    runs: Path,
    report: Path | None,
    device: str,
) -> None:
    """Make a dataset of new images."""
    place = device_of(device)
    count = stage.run(snapshot, out, params, data=data, runs=runs, report=report, device=place)
    log.info("%d images in %s", count, out)


def grid(snapshot: Path, out: Path, params: GenerateParams, shape: str, device: str) -> None:
    """Make a grid of images in one PNG."""
    rows, columns = shape_of(shape)
    if not rows and params.label:
        raise ArgumentError(f"--grid {shape} shows all labels, not {params.label} alone: give one of both")
    check_png(out)
    _check_file(out)
    sampler = _sampler(snapshot, params, device)
    write_sheet(out, _rows(sampler, rows), params.seed, params.first, columns)
    log.info("%s", out)


def film(
    snapshot: Path,
    out: Path,
    params: GenerateParams,
    ends: tuple[int, int],
    between: tuple[str, str] | None,
    frames: int,
    device: str,
) -> None:
    """Make a film that walks from one latent vector to another, or from one label to another."""
    if not all(0 <= end <= LARGEST_INDEX for end in ends):
        raise ArgumentError(f"--interpolate {ends[0]} {ends[1]}: give two latent indices from 0 on")
    check_film(out)
    _check_file(out)
    if between and params.label:
        raise ArgumentError(f"--label {params.label} and --between exclude each other: give one")
    sampler = _sampler(snapshot, params, device)
    first, last = (
        sampler.of_label(label).latents(params.seed, [end])[0]
        for label, end in zip(between or ("", ""), ends, strict=True)
    )
    write_film(out, sampler, first, last, frames)
    log.info("%s", out)


def again(path: Path, source: Path, out: Path | None, device: str) -> None:
    """Make a recipe's image again."""
    out = out or path.with_name(f"{path.stem}-again.png")
    check_png(out)
    _check_file(out)
    recipe = read_recipe(path)
    if source.is_dir():
        source = source / "snapshots" / Path(f"{recipe.snapshot}.safetensors").name
    sampler = Sampler.load(source, device_of(device))
    recipe.check(sampler)
    write_bytes(out, recipe.png(recipe.image(sampler)))
    log.info("%s", out)


def section_of(path: Path | None, settings: Settings) -> GenerateParams:
    """The section generate, with the settings that were given.

    Raises:
        ArgumentError: a setting is not valid, or two exclude each other; the text names the option.
    """
    if settings.count and settings.labels:
        raise ArgumentError("--count and --labels exclude each other: give one")
    section = params_or_shipped(path, "generate").generate
    if (settings.label or settings.count) and not settings.labels:
        section = section.model_copy(update={"labels": {}})  # the command line's word counts
    elif settings.labels and not settings.label:
        section = section.model_copy(update={"label": ""})
    return with_given(section, asdict(settings))


def _check_file(out: Path) -> None:
    try:
        check_file_to_write(out)
    except ValueError as error:
        raise ArgumentError(f"OUT {out}: {error}") from None
    check_output(out)


def _rows(sampler: Sampler, rows: int) -> list[Sampler]:
    """What makes each row of a grid; no rows: one for each label.

    Raises:
        UserError: the snapshot has no labels.
    """
    if rows:
        return [sampler] * rows
    if not sampler.origin.labels:
        raise UserError("this snapshot has no labels: give --grid ROWSxCOLUMNS, such as 4x8")
    return [sampler.of_label(label) for label in sampler.origin.labels]


def _sampler(snapshot: Path, params: GenerateParams, device: str) -> Sampler:
    path = snapshots_in(snapshot)[-1] if snapshot.is_dir() else snapshot
    return Sampler.load(path, device_of(device)).of_label(params.label).truncated(params.truncation)
