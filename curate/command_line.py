"""`fashion-pggan curate …`, or `python -m curate …`."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from curate.options import SETTINGS, Settings
from curate.workers import forking
from fashion_pggan.command.options import OptionalCount, OptionalOutputFile, OptionalOutputFolder, Port
from fashion_pggan.command.roles import Fills, Makes, Writes
from fashion_pggan.cores import one_thread_for_algebra
from fashion_pggan.errors import ArgumentError

PLOTS = Fills({"curate_reasons.csv": ("reason", "count"), "curate_sizes.csv": ("short_side", "count")})

OptionalShare = Annotated[float | None, Parameter(validator=Number(gte=0, lte=1))]
USUAL = 0.1  # share of the images for validation, and for a test

PORT = 8808

app = App(name="curate")
log = logging.getLogger("curate")


@app.default
def curate(
    source: str,
    target: Annotated[Path, Makes],
    /,
    *,
    params: Path | None = None,
    report: Annotated[OptionalOutputFile, Writes("images", "kept", "dropped")] = None,
    knowledge: OptionalOutputFolder = None,
    plots: Annotated[OptionalOutputFolder, PLOTS] = None,
    answers: Path = Path("datasheet.yaml"),
    overrides: Path = Path("overrides.csv"),
    workers: OptionalCount = None,
    settings: Annotated[Settings, Parameter(name="*")] = SETTINGS,
) -> None:
    """Make a dataset of square images from a folder of any images.

    For example:
        fashion-pggan curate data/raw data/curated --report reports/curate.json
        fashion-pggan curate s3://bucket/raw data/curated
        fashion-pggan curate ~/images squares --resolution 256 --min-side 256 --styles flat --styles mannequin

    Args:
        source: a crawl's output (data/raw), a folder of images, or an address such as s3://bucket/raw.
        target: the folder for the dataset; replaced as a whole.
        params: the file of parameters; params.yaml by default, without one the preset paper.
        report: a JSON file for the figures.
        knowledge: the folder that keeps what earlier runs found out about images; runs/curate, without a
            params.yaml the user's cache.
        plots: the folder for the counts that `dvc plots` shows (CSV).
        answers: a YAML file of answers to the datasheet's questions; may be missing.
        overrides: a CSV file of your decisions about single images; may be missing.
        workers: processes; one per core by default.
        settings: parameters in place of those of params.yaml.
    """
    one_thread_for_algebra()
    forking.start()
    from curate import stage
    from curate.known.asked import asks_for_styles
    from curate.known.worn import detector_of
    from curate.source.locations import location
    from fashion_pggan.no_pandas import without_pandas
    from fashion_pggan.params.given import with_given
    from fashion_pggan.params.preset import cache_of, params_or_shipped

    without_pandas()
    place = location(source)
    chosen = with_given(params_or_shipped(params, "curate").curate, asdict(settings))
    outcomes = stage.run(
        place,
        target,
        chosen,
        report=report,
        plots=plots,
        workers=workers,
        knowledge=knowledge or cache_of("curate"),
        answers=answers,
        overrides=overrides,
    )
    said = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common())
    worn = f"; what is worn is recognised by {detector_of(chosen)}" if asks_for_styles(chosen) else ""
    log.info("%s: %s%s", target, said, worn)


@app.command
def export(
    dataset: Path,
    target: Annotated[Path, Makes],
    /,
    *,
    format: Literal["imagefolder", "webdataset", "parquet"],  # noqa: A002  # the option's name
    level: OptionalCount = None,
    image_format: Literal["png", "webp", "jpeg"] = "png",
    shard_images: OptionalCount = None,
    validation: OptionalShare = None,
    test: OptionalShare = None,
    licence: str = "",
) -> None:
    """Write a curated dataset in the form that another program loads.

    For example:
        fashion-pggan curate export data/curated out --format webdataset --level 64

    Args:
        dataset: a curated dataset (data/curated).
        target: the folder to make; replaced as a whole when it holds an export.
        format: the form, by its loader.
        level: side of the images in pixels; the largest by default.
        image_format: how each image is encoded.
        shard_images: images in a tar or Parquet file; 1,000 by default.
        validation: share of the images for validation (column split); 0.1 by default.
        test: share of the images for a test; 0.1 by default. Without both, images that curation holds out
            (curate.held_out) are for the test, and all others for training.
        licence: of all images (column licence, and the card).
    """
    given = validation is not None or test is not None
    shares = (USUAL if validation is None else validation, USUAL if test is None else test)
    if sum(shares) > 1:
        raise ArgumentError(
            f"--validation {shares[0]} and --test {shares[1]}: give shares of 1 together at most"
        )
    from curate.copies.splits import Splits
    from curate.export import SHARD_IMAGES, check_shares, run
    from fashion_pggan.images.writing import Format, ImageFormat

    if given:
        check_shares(dataset, *shares)
    count = run(
        dataset,
        target,
        Format(format),
        level=level,
        image_format=ImageFormat(image_format),
        shard_images=shard_images or SHARD_IMAGES,
        splits=Splits(*shares) if given else None,
        licence=licence,
    )
    log.info("%s: %d images", target, count)


@app.command
def browse(
    dataset: Path = Path("data/curated"),
    source: str = "data/raw",
    /,
    *,
    overrides: Path = Path("overrides.csv"),
    port: Port = PORT,
) -> None:
    """Open a page on this machine to look through kept and dropped images, and to overrule single decisions.

    It serves until interrupted. Decisions go into overrides.csv; the next curation applies them.

    For example:
        fashion-pggan curate browse
        fashion-pggan curate browse squares ~/images

    Args:
        dataset: a curated dataset.
        source: the raw images that it was made from; may be missing.
        overrides: the CSV file of decisions.
        port: of the page; 0: a free one.
    """
    from curate.browse.opening_page import open_page
    from curate.source.locations import location

    open_page(dataset, location(source), overrides, port)
