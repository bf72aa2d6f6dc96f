"""`fashion-pggan evaluate …`, or `python -m evaluate …`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evaluate.options import AS_THEY_COME, SHARED, Options, Size
from fashion_pggan.command.options import Count, OptionalCount, OptionalOutputFile, OutputFolder, at_least
from fashion_pggan.command.roles import Fills, Writes

REPORTS = Fills(
    {
        "copies.json": ("generated", "real", "pairs"),
        "copies.png": (),
        "evaluation.json": ("dataset", "floor", "seed"),
        "measures.json": ("kimg", "copies"),
        "metrics.json": ("kimg", "SWDx1e3"),
        "report.html": (),
        "swd.csv": ("kimg", "images"),
        "swd.json": ("floor", "best", "last"),
        "swd_levels.csv": ("kimg", "level", "distance"),
    }
)

BETTER = Writes("better", "difference", "held_out")

app = App(name="evaluate")


@app.default
def evaluate(
    first: Path,
    second: Path | None = None,
    /,
    *,
    images: OptionalCount = None,
    no_floor: bool = False,
    json: Annotated[OptionalOutputFile, Writes("images", "levels", "seed")] = None,
    csv: Annotated[OptionalOutputFile, Writes("level", "images", "distance")] = None,
    html: OptionalOutputFile = None,
    size: Size = AS_THEY_COME,
    shared: Options = SHARED,
) -> None:
    """Measure how far apart two sets of images are, beside how far the first is from itself.

    For example:
        fashion-pggan evaluate real-images new-images --size 256 --html distance.html

    Args:
        first: real images: a folder of images, or a dataset.
        second: images to compare with them; without it the first set's halves are compared.
        images: images per set; all of the smaller set by default.
        no_floor: leave out the distance of the first set from itself; takes half the time.
        json: a JSON file for the table.
        csv: a CSV file for the table.
        html: a page for the table.
        size: how to make squares of images.
        shared: the options that all measures have.
    """
    from evaluate import commands

    pair = commands.two_sets(first, second, images, with_floor=not no_floor, shared=shared, size=size)
    commands.write_tables(pair, (str(first), str(second or "its other half")), json=json, csv=csv, html=html)


@app.command
def snapshots(
    dataset: Path, models: Path, reports: Annotated[OutputFolder, REPORTS], /, *, shared: Options = SHARED
) -> None:
    """Measure every snapshot of a training against its dataset, and write the report.

    For example:
        fashion-pggan evaluate snapshots data/curated models reports

    Args:
        dataset: a curated dataset (data/curated).
        models: the train stage's output (models).
        reports: the folder for swd.csv, swd_levels.csv, swd.json and report.html.
        shared: the options that all measures have.
    """
    from evaluate import commands

    commands.snapshots(dataset, models, reports, shared)


@app.command
def better(
    former: Path,
    new: Path,
    dataset: Path,
    /,
    *,
    json: Annotated[OptionalOutputFile, BETTER] = None,
    shared: Options = SHARED,
) -> None:
    """Say which of two models is nearer to held-out images (curate.held_out), with 95 % intervals.

    For example:
        fashion-pggan evaluate better models-before models data/curated

    Args:
        former: a folder of models (its last snapshot), or a snapshot.
        new: the other one.
        dataset: a curated dataset (data/curated).
        json: a JSON file for the numbers.
        shared: the options that all measures have.
    """
    from evaluate import commands

    commands.better(former, new, dataset, json_file=json, shared=shared)


@app.command
def keep(
    new: Path,
    dataset: Path,
    /,
    *,
    kept: OutputFolder = Path("kept"),
    json: Annotated[OptionalOutputFile, BETTER] = None,
    shared: Options = SHARED,
) -> None:
    """Keep a model as best.safetensors if it is better than the best so far, or the first.

    For example:
        fashion-pggan evaluate keep models data/curated

    Args:
        new: a folder of models, or a snapshot with all networks.
        dataset: a curated dataset (data/curated).
        kept: the folder of the best model and of those that were the best before.
        json: a JSON file for the numbers.
        shared: the options that all measures have.
    """
    from evaluate import commands

    commands.keep_better(new, dataset, kept, json_file=json, shared=shared)


@app.command
def labels(
    dataset: Path,
    models: Path | None = None,
    /,
    *,
    json: Annotated[OptionalOutputFile, Writes("real_to_real", "rows", "confusions")] = None,
    shared: Options = SHARED,
) -> None:
    """Say what generated images are worth for training a classifier, beside real ones.

    Needs labels and held-out images (curate.held_out). Without models it measures the real images alone.

    For example:
        fashion-pggan evaluate labels data/curated models

    Args:
        dataset: a curated dataset with labels (data/curated).
        models: a folder of models that were trained with labels (its last snapshot), or a snapshot.
        json: a JSON file for the numbers.
        shared: the options that all measures have.
    """
    from evaluate import commands

    commands.labels(dataset, models, json_file=json, shared=shared)


@app.command
def copies(
    training: Path,
    generated: Path,
    /,
    *,
    images: OptionalCount = None,
    sheet: OptionalOutputFile = None,
    json: Annotated[OptionalOutputFile, Writes("generated", "real", "pairs")] = None,
    size: Size = AS_THEY_COME,
    shared: Options = SHARED,
) -> None:
    """Find the nearest training image of each generated image, beside how near real images are to each other.

    For example:
        fashion-pggan evaluate copies data/curated data/generated --sheet pairs.png

    Args:
        training: the dataset, or a folder of images.
        generated: the images in question.
        images: generated images to look up; all by default.
        sheet: a PNG file for the closest pairs.
        json: a JSON file for the numbers.
        size: how to make squares of images.
        shared: the options that all measures have.
    """
    from evaluate import commands

    commands.copies(training, generated, images, sheet=sheet, json_file=json, shared=shared, size=size)


@app.command
def variation(
    images: Path,
    /,
    *,
    pairs: Count = 10_000,
    json: Annotated[OptionalOutputFile, Writes("pairs", "value")] = None,
    size: Size = AS_THEY_COME,
    shared: Options = SHARED,
) -> None:
    """Measure how similar the images of a set are to each other (MS-SSIM): lower is more variation.

    For example:
        fashion-pggan evaluate variation data/generated

    Args:
        images: a folder of images, or a dataset.
        pairs: pairs to compare, at most; the published number is 10,000.
        json: a JSON file for the numbers.
        size: how to make squares of images.
        shared: the options that all measures have.
    """
    from evaluate import commands

    commands.variation_within(images, pairs, json_file=json, shared=shared, size=size)


@app.command
def features(
    first: Path,
    second: Path,
    /,
    *,
    network: Path,
    side: Annotated[int, Parameter(validator=at_least(0))] = 0,
    pixels: Annotated[Literal["0..255", "0..1", "-1..1"], Parameter(allow_leading_hyphen=True)] = "0..255",
    neighbours: Count = 5,
    images: OptionalCount = None,
    json: Annotated[OptionalOutputFile, Writes("fid", "kid")] = None,
    size: Size = AS_THEY_COME,
    shared: Options = SHARED,
) -> None:
    """Measure FID, KID, precision, recall, density and coverage by a feature network of your own.

    For example:
        fashion-pggan evaluate features data/curated data/generated --network inception.pt --side 299

    Args:
        first: real images: a folder of images, or a dataset.
        second: images to compare with them.
        network: ONNX (.onnx), torch.export (.pt2) or TorchScript (.pt).
        side: pixels of its images; 0: as they come.
        pixels: range of its pixel values.
        neighbours: neighbours that make a neighbourhood.
        images: images per set; all of the smaller set by default.
        json: a JSON file for the numbers.
        size: how to make squares of images.
        shared: the options that all measures have.
    """
    from evaluate import commands

    reader = commands.network_at(network, side, pixels, shared)
    commands.features(first, second, images, reader, neighbours, json_file=json, shared=shared, size=size)
