"""The measures beside the distance: `python -m evaluate copies`, `… variation`, `… features`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluate.measures.feature_network import SCALES, FeatureNetwork, measure_features
from evaluate.measures.memorisation import SHEET_PAIRS, find_copies, write_pairs
from evaluate.measures.ms_ssim import SMALLEST, variation
from evaluate.options import add_shared, params_of, work_of
from evaluate.results.table import interval_of
from evaluate.sets.sources import of_path
from fashion_pggan.errors import UserError
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import write_text


def copies(arguments: list[str]) -> None:
    """Look for training images among generated ones."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluate copies",
        description="The nearest training image of each generated image, beside how near real images "
        "are to each other.",
    )
    parser.add_argument("training", type=Path, help="the dataset, or a folder of square images")
    parser.add_argument("generated", type=Path, help="images in question")
    parser.add_argument("--images", type=int, help="generated images to look up (default: all)")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="PNG of the closest pairs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON too")
    add_shared(parser)
    given = parser.parse_args(arguments)
    seed = params_of(given).seed
    training = of_path(given.training, "reals", seed, given.store)
    generated = of_path(given.generated, "fakes", seed, given.store)
    generated = generated.part(0, min(given.images or generated.count, generated.count), "fakes")
    found = find_copies(generated, training)
    print(found.text())
    if given.sheet:
        write_pairs(given.sheet, found, generated, training)
    _keep(given.json, {**found.facts(), "pairs": found.pairs(max(SHEET_PAIRS, found.near))})


def variation_of(arguments: list[str]) -> None:
    """How much the images of a set differ from each other."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluate variation",
        description="Mean similarity (MS-SSIM) of pairs of one set: lower is more variation. Compare it with "
        "that of the real images.",
    )
    parser.add_argument("source", type=Path, help="a folder of squares, or a dataset")
    parser.add_argument("--pairs", type=int, default=10_000, help="at most; the published number is 10,000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON too")
    add_shared(parser)
    given = parser.parse_args(arguments)
    params = params_of(given)
    images = of_path(given.source, "images", params.seed, given.store)
    count = min(2 * given.pairs, images.count) // 2 * 2
    if count < 2 or images.resolution < SMALLEST:
        raise UserError(
            f"{count} images of {images.resolution} px make no pairs to compare: give 2 or more, "
            f"of {SMALLEST} px or more"
        )
    with Progress("comparing pairs", count, "images") as progress:
        found = variation(images.part(0, count, "images"), params.minibatch, work_of(given), progress.advance)
    print(f"MS-SSIM {found.similarity.value:.4f} ({interval_of(found.similarity)}), {found.pairs} pairs")
    _keep(given.json, {"pairs": found.pairs, **asdict(found.similarity)})


def features(arguments: list[str]) -> None:
    """Measures by a network that the user gives."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluate features",
        description="FID, KID, precision, recall, density and coverage by a feature network of your own.",
    )
    parser.add_argument("first", type=Path, help="real images: a folder of squares, or a dataset")
    parser.add_argument("second", type=Path, help="images to compare with them")
    parser.add_argument(
        "--network", type=Path, required=True, help="ONNX (.onnx), torch.export (.pt2) or TorchScript (.pt)"
    )
    parser.add_argument("--side", type=int, default=0, help="pixels of its images (default: as they come)")
    parser.add_argument("--pixels", choices=list(SCALES), default="0..255", help="range of its pixel values")
    parser.add_argument("--neighbours", type=int, default=5, help="that make a neighbourhood")
    parser.add_argument("--images", type=int, help="images per set (default: all of the smaller set)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON too")
    add_shared(parser)
    given = parser.parse_args(arguments)
    params = params_of(given)
    network = FeatureNetwork(given.network, given.side, given.pixels, work_of(given))
    sets = [of_path(path, "images", params.seed, given.store) for path in (given.first, given.second)]
    count = min(sets[0].count, given.images or sets[0].count)
    found = measure_features(network, sets[0].part(0, count, "images"), sets[1], given.neighbours, params)
    print(_features_text(found))
    _keep(given.json, found)


def _features_text(found: dict[str, Any]) -> str:
    """A line for each measure, with its 95 % interval where there is one."""
    lines = []
    for name, value in found.items():
        if name.endswith(("_low", "_high", "_error")):
            continue
        low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
        interval = "" if low is None else f"   {low:.4f} to {high:.4f}"
        lines.append(
            f"{name:<12}{value:12.4f}{interval}" if isinstance(value, float) else f"{name:<12}{value:>12}"
        )
    return "\n".join(lines)


def _keep(path: Path | None, facts: dict[str, Any]) -> None:
    if path:
        write_text(path, json.dumps(facts, indent=1) + "\n")
