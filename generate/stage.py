"""The generate stage: a snapshot in; a dataset of new images with a manifest and a card out."""

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fashion_pggan.images.grid import write_grid
from fashion_pggan.images.writing import (
    SPLIT_NAMES,
    SUFFIXES,
    WRITERS,
    Exported,
    Format,
    ImageFormat,
    encoded,
)
from fashion_pggan.params import GenerateParams
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import check_room, write_text
from fashion_pggan.storage.records import GeneratedImage, schema_of
from fashion_pggan.storage.shards import Images
from fashion_pggan.storage.targets import Kind, hold_target
from generate.card import card_of
from generate.checks.critic import Scorer
from generate.checks.neighbours import Training
from generate.checks.selection import Candidate, Judge
from generate.sampling.recipe import facts_of
from generate.sampling.sampler import Sampler, snapshots_in, workers

SHARD_IMAGES = 1000  # in a tar or Parquet file
SHEET_COLUMNS = 8
SHEET_IMAGES = 64
SHEET_LABELS = 16  # rows, where there are labels
MARK = "generated.json"  # written last, when the folder is complete
KIND = Kind("a generated dataset")
IDENTIFIERS = {  # provenance: not a metric, and too wide for a table
    "snapshot",
    "snapshot_sha256",
    "params_hash",
    "dataset_version",
    "form",
    "format",
    "label",
}
LABEL = "label"  # a column, of images with labels alone
RUNS = Path("runs/train")
BYTES_OF_PIXEL = {
    ImageFormat.PNG: 1.0,
    ImageFormat.WEBP: 0.8,
    ImageFormat.JPEG: 0.4,
}  # of smooth garments, about
BYTES_OF_ROW = 500  # of the manifest, about


def run(
    source: Path,
    target: Path,
    params: GenerateParams,
    *,
    data: Path | None = None,
    runs: Path = RUNS,
    report: Path | None = None,
    device: torch.device | str = "cpu",
) -> int:
    """Write a dataset of new images.

    The stage builds it beside `target` and replaces `target` at the end. A killed stage leaves `target` as it
    was, and starts from the beginning the next time.

    Args:
        source: a snapshot, or a folder of models: then its last snapshot is used.
        target: folder for the images, `README.md`, `sheet.png` and `generated.json`; replaced as a whole.
        params: the generate section.
        data: the training's dataset, to find each image's nearest training image; None: skip that.
        runs: folder with the critic's checkpoint, for `params.reject_scores`.
        report: JSON file for the facts that are numbers, for `dvc metrics`.
        device: where to compute.

    Returns:
        The number of images written.

    Raises:
        UserError: a check lacks its data, or hardly any image passes.
    """
    apart = [path for path in (source, data, report) if path]
    with hold_target(target, KIND, apart) as held:
        sampler = Sampler.load(snapshots_in(source)[-1] if source.is_dir() else source, device)
        _check_room(target, params, sampler.resolution)
        training = Training.of(data, sampler) if data else None
        sampler = sampler.of_label(params.label).truncated(params.truncation)
        parts = [(sampler.of_label(label), count) for label, count in params.labels.items()]
        scorer = Scorer.of(runs, sampler) if params.reject_scores else None
        judge = Judge(sampler, params, training, scorer)
        with held.replaced() as building:
            facts = _written(building, _Images(parts or [(sampler, params.count)], params, judge))
    if report:
        shown = {name: value for name, value in facts.items() if name not in IDENTIFIERS}
        write_text(report, json.dumps(shown, indent=1) + "\n")
    return params.total


def _check_room(target: Path, params: GenerateParams, resolution: int) -> None:
    """Refuse images that surely do not fit on the disk; a former dataset stays until the new one is there."""
    size = BYTES_OF_ROW + int(BYTES_OF_PIXEL[ImageFormat(params.format)] * resolution**2)
    advice = "lower generate.labels" if params.labels else "lower generate.count"
    check_room(target, params.total * size, f"writing {params.total:,} images needs about", advice)


def _written(building: Path, images: "_Images") -> dict[str, Any]:
    """Write the dataset into an empty folder; returns its facts."""
    params = images.params
    columns = schema_of(GeneratedImage)
    if not images.labelled:
        columns = columns.remove(columns.get_field_index(LABEL))
    split = SPLIT_NAMES[0] if images.labelled else ""
    WRITERS[Format(params.form)](building, iter(images), columns, params.total, SHARD_IMAGES, split)
    facts = images.facts()
    write_grid(building / "sheet.png", images.sheet(), SHEET_COLUMNS)
    write_text(building / "README.md", card_of(facts))
    write_text(building / MARK, json.dumps(facts, indent=1) + "\n")
    return facts


class _Images:
    """The stream of images, and the facts about it at the end.

    Args:
        parts: snapshots, and how many images to make with each, one after the other.
        params: the generate section.
        judge: what is kept.
    """

    def __init__(self, parts: Sequence[tuple[Sampler, int]], params: GenerateParams, judge: Judge) -> None:
        self.parts, self.params, self.judge = parts, params, judge
        self.labelled = bool(parts[0][0].origin.labels)
        self.shown: dict[str, list[Images]] = {}
        self.counts = Counter[str]()
        self.distances = array("d")
        self.last = params.first

    def __iter__(self) -> Iterator[Exported]:
        with Progress("generating", self.params.total, "images") as progress:
            for sampler, candidate, data in self._kept():
                row = self._row(sampler, candidate)
                self._note(candidate, row.label)
                yield self._exported(row, data)
                progress.advance()

    def _kept(self) -> Iterator[tuple[Sampler, Candidate, bytes]]:
        start, image_format = self.params.first, ImageFormat(self.params.format)
        for sampler, count in self.parts:
            left = count
            while left:
                size = self.params.minibatch if self.judge.rejects else min(self.params.minibatch, left)
                pixels = sampler.images(self.params.seed, range(start, start + size))
                kept = self.judge.kept(start, pixels, left)
                files = workers().map(lambda one: encoded(one.pixels, image_format), kept)
                for candidate, data in zip(kept, files, strict=True):
                    yield sampler, candidate, data
                start, left = start + size, left - len(kept)

    def _note(self, candidate: Candidate, label: str) -> None:
        self.counts[label] += 1
        self.last = candidate.index
        if candidate.neighbour:
            self.distances.append(candidate.neighbour.distance)
        if label in self.shown or len(self.shown) < SHEET_LABELS:
            shown = self.shown.setdefault(label, [])
            if len(shown) < (SHEET_COLUMNS if label else SHEET_IMAGES):
                shown.append(candidate.pixels)

    def _row(self, sampler: Sampler, candidate: Candidate) -> GeneratedImage:
        near = candidate.neighbour
        return GeneratedImage(
            seed=self.params.seed,
            latent_index=candidate.index,
            truncation=self.params.truncation,
            **facts_of(sampler),
            nearest_index=self.judge.training.numbers[near.index] if near and self.judge.training else None,
            nearest_mirrored=near.mirrored if near else None,
            nearest_distance=near.distance if near else None,
            nearest_bits=near.bits if near else None,
            critic_score=candidate.score,
            label=sampler.label(self.params.seed, candidate.index),
        )

    def _exported(self, row: GeneratedImage, data: bytes) -> Exported:
        key, suffix = f"seed{row.seed}_{row.latent_index:08d}", SUFFIXES[ImageFormat(self.params.format)]
        if not self.labelled:
            return Exported(key, data, suffix, row.model_dump(exclude={LABEL}))
        return Exported(key, data, suffix, row.model_dump(), row.label)

    def sheet(self) -> Images:
        """The first images (n, r, r, 3); with labels a row for each of the first labels, ended with white."""
        if not self.labelled:
            return np.stack(self.shown[""])
        white = np.full_like(next(iter(self.shown.values()))[0], 255)
        rows = [shown + [white] * (SHEET_COLUMNS - len(shown)) for _, shown in sorted(self.shown.items())]
        return np.stack([image for row in rows for image in row])

    def facts(self) -> dict[str, Any]:
        """The facts for the mark and the card."""
        nearest = quantiles("nearest", self.distances) if self.distances else {}
        unknown = set() if self.params.label else {LABEL}
        sampler = self.parts[0][0]
        return {
            "images": self.params.total,
            **self.params.model_dump(exclude={"count", "minibatch", "labels"} | unknown),
            **({"labels": dict(sorted(self.counts.items()))} if self.labelled else {}),
            "last": self.last,
            "resolution": sampler.resolution,
            **facts_of(sampler),
            **nearest,
            **self.judge.facts(),
        }


def quantiles(name: str, distances: "array[float]") -> dict[str, float]:
    """The smallest distance, the 1 % quantile and the median."""
    closest, hundredth, median = np.quantile(np.array(distances), (0.0, 0.01, 0.5)).round(3).tolist()
    return {f"{name}_closest": closest, f"{name}_percent_1": hundredth, f"{name}_median": median}
