"""What each command of `fashion-pggan evaluate` does."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from evaluate import stage
from evaluate.comparison.pair import Pair, measure_pair
from evaluate.comparison.two_models import TwoModels, compare_models
from evaluate.measures.feature_network import FeatureNetwork, Range, measure_features
from evaluate.measures.memorisation import SHEET_PAIRS, find_copies, write_pairs
from evaluate.measures.ms_ssim import SMALLEST, variation
from evaluate.options import Shared, Size
from evaluate.report.worth_verdict import worth_verdict
from evaluate.results.best_model import FORMER, is_kept, keep, kept_text, whole_model
from evaluate.results.models_table import models_facts, models_text
from evaluate.results.notes import interval_of
from evaluate.results.pair_page import page_of
from evaluate.results.table import pair_csv, pair_json, pair_text
from evaluate.sets.novelty import tell_seen
from evaluate.sets.sources import of_path
from evaluate.worth.measured import measure_scores
from evaluate.worth.scores_text import scores_text
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.params.preset import PARAMS
from fashion_pggan.progress import Progress
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.escaped import printable_line, printable_lines
from fashion_pggan.storage.files import remove_left_over, write_text
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler, snapshots_in
from train.saved.snapshot import BEST

HEAVY_TAILS = "a few images lie far from all others: the intervals of FID and KID hold less often than 95 %"


def snapshots(dataset: Path, models: Path, reports: Path, shared: Shared) -> None:
    """Measure every snapshot of a training, and print the table."""
    settings = shared.params or PARAMS
    params = load_params(settings)
    with shared.kept() as store:
        evaluation, headline = stage.run(
            dataset,
            models,
            reports,
            shared.seeded(params.evaluate),
            mirror=params.train.mirror,
            store=store,
            work=shared.work(),
            settings=read_text(settings),
        )
    print(printable_line(headline), "", evaluation.text(), sep="\n")


def two_sets(
    first: Path,
    second: Path | None,
    images: int | None,
    *,
    with_floor: bool,
    shared: Shared,
    size: Size,
) -> Pair:
    """Measure how far apart two sets are, or the halves of one.

    Raises:
        UserError: a set cannot be read, or has no halves.
    """
    params, folder = shared.section(), shared.folder()
    work, made = shared.work(), size.squares(shared)
    real = of_path(first, "reals", params.seed, folder, squares=made)
    if second is None:
        half = real.count // 2
        if not half:
            raise UserError(
                f"{first} has one image, which cannot be halved: give 2 images or more, or a second set"
            )
        one, other = real.part(0, half, "reals"), real.part(half, half, "fakes")
        with shared.kept() as store:
            pair = measure_pair(one, other, images, params, store, work, with_floor=False)
        return replace(pair, halves=True)
    fake = of_path(second, "fakes", params.seed, folder, squares=made)
    with shared.kept() as store:
        return measure_pair(real, fake, images, params, store, work, with_floor=with_floor)


def write_tables(
    pair: Pair, names: tuple[str, str], *, json: Path | None, csv: Path | None, html: Path | None
) -> None:
    """Print the table of two sets, and write it to the files that were given."""
    print(pair_text(pair))
    _keep(json, pair_json(pair))
    if csv:
        write_text(csv, pair_csv(pair))
    if html:
        write_text(html, page_of(pair, *names))


def better(former: Path, new: Path, dataset: Path, *, json_file: Path | None, shared: Shared) -> TwoModels:
    """Compare two models, each a snapshot or the last one of a folder."""
    params = load_params(shared.params or PARAMS)
    one, other = (last_of(path) for path in (former, new))
    with shared.kept() as store:
        found = compare_models(
            one,
            other,
            Dataset(dataset),
            shared.seeded(params.evaluate),
            store,
            shared.work(),
        )
    print(models_text(found))
    _keep(json_file, models_facts(found))
    return found


def last_of(models: Path) -> Path:
    """A snapshot, or the last one of a folder of models."""
    return snapshots_in(models)[-1] if models.is_dir() else models


def keep_better(new: Path, dataset: Path, kept: Path, *, json_file: Path | None, shared: Shared) -> None:
    """Keep a model if it is better than the best so far, or the first."""
    model, best = whole_model(new), kept / BEST
    with exclusive(kept):
        for folder in (kept, kept / FORMER):
            remove_left_over(folder)
        if not best.is_file():
            keep(model, kept)
            print(printable_line(f"kept the first model as {best}"))
        elif is_kept(model, kept):
            print(printable_line(f"{best} is this model already"))
        else:
            found = better(best, model, dataset, json_file=json_file, shared=shared)
            former = keep(model, kept) if found.better == "new" else None
            print(printable_line(kept_text(found, kept, former)))


def labels(dataset: Path, models: Path | None, *, json_file: Path | None, shared: Shared) -> None:
    """Measure what labels are worth: of a dataset, or of a dataset and the last snapshot of models.

    Raises:
        UserError: the dataset or the snapshot has no labels, or a label has too few images.
    """
    params, source, work = load_params(shared.params or PARAMS), Dataset(dataset), shared.work()
    section = shared.seeded(params.evaluate)
    if not source.label_names:
        raise UserError(f"{dataset} has no labels: set curate.labels and run the curate stage again")
    last = last_of(models) if models else None
    sampler = Sampler.load(last, work.torch_device) if last else None
    if sampler and not sampler.origin.labels:
        raise UserError(f"{models} has no labels: train again with train.labels true")
    if last and sampler:
        stage.check_dataset(last, source)
        tell_seen(last, sampler.origin, source)
    with shared.kept() as store:
        found = measure_scores(source, sampler, section, mirror=params.train.mirror, store=store, work=work)
    if isinstance(found, str):
        raise UserError(found)
    print(scores_text(found))
    if found.generated:
        print(printable_line(worth_verdict(found.facts()).says))
    _keep(json_file, {**found.facts(), **found.table()})


def copies(
    training: Path,
    generated: Path,
    images: int | None,
    *,
    sheet: Path | None,
    json_file: Path | None,
    shared: Shared,
    size: Size,
) -> None:
    """Look for training images among generated ones."""
    seed, folder, made = shared.section().seed, shared.folder(), size.squares(shared)
    real = of_path(training, "reals", seed, folder, only_shown=True, squares=made)
    fake = of_path(generated, "fakes", seed, folder, squares=made)
    fake = fake.part(0, min(images or fake.count, fake.count), "fakes")
    found = find_copies(fake, real)
    print(found.text())
    if sheet:
        write_pairs(sheet, found, fake, real)
    _keep(json_file, {**found.facts(), "pairs": found.pairs(max(SHEET_PAIRS, found.near))})


def variation_within(path: Path, pairs: int, *, json_file: Path | None, shared: Shared, size: Size) -> None:
    """Measure how much the images of a set differ from each other."""
    params = shared.section()
    images = of_path(path, "images", params.seed, shared.folder(), squares=size.squares(shared))
    count = min(2 * pairs, images.count) // 2 * 2
    if count < 2 or images.resolution < SMALLEST:
        raise UserError(
            f"{images.count} images of {images.resolution} px cannot be compared in pairs: give 2 or more, "
            f"of {SMALLEST} px or more"
        )
    with Progress("comparing pairs", count, "images") as progress:
        found = variation(images.part(0, count, "images"), params.minibatch, shared.work(), progress.advance)
    interval = interval_of(found.similarity) or "too few pairs for an interval"
    counted = "1 pair" if found.pairs == 1 else f"{found.pairs} pairs"
    print(f"MS-SSIM {found.similarity.value:.4f} ({interval}), {counted}")
    _keep(json_file, {"pairs": found.pairs, **asdict(found.similarity)})


def network_at(path: Path, side: int, pixels: Range, shared: Shared) -> FeatureNetwork:
    """A feature network that the user gives; raises UserError when it cannot be loaded."""
    return FeatureNetwork(path, side, pixels, shared.work())


def features(
    first: Path,
    second: Path,
    images: int | None,
    network: FeatureNetwork,
    neighbours: int,
    *,
    json_file: Path | None,
    shared: Shared,
    size: Size,
) -> None:
    """Measure two sets by a feature network."""
    params, folder, made = shared.section(), shared.folder(), size.squares(shared)
    real, fake = (of_path(path, "images", params.seed, folder, squares=made) for path in (first, second))
    fake = fake.part(0, min(fake.count, images or fake.count), fake.name)
    found = measure_features(network, real, fake, neighbours, params)
    print(_features_text(found))
    _keep(json_file, found)


def _features_text(found: dict[str, Any]) -> str:
    """A line for each measure, with its 95 % interval where there is one."""
    lines = []
    for name, value in found.items():
        if name.endswith(("_low", "_high", "_error")) or isinstance(value, bool | None):
            continue
        low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
        interval = "" if low is None else f"   {low:z.4f} to {high:z.4f}"
        lines.append(
            f"{name:<16}{value:z12.4f}{interval}" if isinstance(value, float) else f"{name:<16}{value:>12}"
        )
    return printable_lines([*lines, *([HEAVY_TAILS] if found["heavy_tails"] else [])])


def _keep(path: Path | None, facts: dict[str, Any]) -> None:
    if path:
        write_text(path, json.dumps(facts, indent=1) + "\n")
