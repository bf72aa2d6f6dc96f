"""The generate stage: a snapshot in; a dataset of new images with a manifest and a card out."""

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fashion_pggan.images.grid import write_grid
from fashion_pggan.images.writing import SUFFIXES, WRITERS, Exported, Format, ImageFormat, encoded
from fashion_pggan.params import GenerateParams
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.records import GeneratedImage, schema_of
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
        training = Training.of(data, sampler) if data else None
        sampler = sampler.of_label(params.label).truncated(params.truncation)
        scorer = Scorer.of(runs, sampler) if params.reject_scores else None
        judge = Judge(sampler, params, training, scorer)
        with held.replaced() as building:
            facts = _written(building, sampler, params, judge)
    if report:
        shown = {name: value for name, value in facts.items() if name not in IDENTIFIERS}
        write_text(report, json.dumps(shown, indent=1) + "\n")
    return params.count


def _written(building: Path, sampler: Sampler, params: GenerateParams, judge: Judge) -> dict[str, Any]:
    """Write the dataset into an empty folder; returns its facts."""
    images = _Images(sampler, params, judge)
    columns = schema_of(GeneratedImage)
    if not sampler.origin.labels:
        columns = columns.remove(columns.get_field_index(LABEL))
    WRITERS[Format(params.form)](building, iter(images), columns, params.count, SHARD_IMAGES)
    facts = images.facts() | judge.facts()
    write_grid(building / "sheet.png", np.stack(images.shown), SHEET_COLUMNS)
    write_text(building / "README.md", card_of(facts))
    write_text(building / MARK, json.dumps(facts, indent=1) + "\n")
    return facts


class _Images:
    """The stream of images, and the facts about it at the end."""

    def __init__(self, sampler: Sampler, params: GenerateParams, judge: Judge) -> None:
        self.sampler, self.params, self.judge = sampler, params, judge
        self.shown: list[Any] = []
        self.distances = array("d")
        self.last = params.first

    def __iter__(self) -> Iterator[Exported]:
        with Progress("generating", self.params.count, "images") as progress:
            for candidate, data in self._kept():
                if len(self.shown) < SHEET_IMAGES:
                    self.shown.append(candidate.pixels)
                if candidate.neighbour:
                    self.distances.append(candidate.neighbour.distance)
                self.last = candidate.index
                yield self._exported(candidate, data)
                progress.advance()

    def _kept(self) -> Iterator[tuple[Candidate, bytes]]:
        start, left, image_format = self.params.first, self.params.count, ImageFormat(self.params.format)
        while left:
            size = self.params.minibatch if self.judge.rejects else min(self.params.minibatch, left)
            pixels = self.sampler.images(self.params.seed, range(start, start + size))
            kept = self.judge.kept(start, pixels, left)
            files = workers().map(lambda one: encoded(one.pixels, image_format), kept)
            yield from zip(kept, files, strict=True)
            start, left = start + size, left - len(kept)

    def _exported(self, candidate: Candidate, data: bytes) -> Exported:
        near = candidate.neighbour
        row = GeneratedImage(
            seed=self.params.seed,
            latent_index=candidate.index,
            truncation=self.params.truncation,
            **facts_of(self.sampler),
            nearest_index=near.index if near else None,
            nearest_mirrored=near.mirrored if near else None,
            nearest_distance=near.distance if near else None,
            nearest_bits=near.bits if near else None,
            critic_score=candidate.score,
            label=self.sampler.label(self.params.seed, candidate.index),
        )
        key = f"seed{self.params.seed}_{candidate.index:08d}"
        unknown = set() if self.sampler.origin.labels else {LABEL}
        return Exported(key, data, SUFFIXES[ImageFormat(self.params.format)], row.model_dump(exclude=unknown))

    def facts(self) -> dict[str, Any]:
        """The facts for the mark and the card."""
        nearest = quantiles("nearest", self.distances) if self.distances else {}
        unknown = set() if self.params.label else {LABEL}
        chosen = self.params.model_dump(exclude={"count", "minibatch"} | unknown)
        return {
            "images": self.params.count,
            **chosen,
            "last": self.last,
            "resolution": self.sampler.resolution,
            **facts_of(self.sampler),
            **nearest,
        }


def quantiles(name: str, distances: "array[float]") -> dict[str, float]:
    """The smallest distance, the 1 % quantile and the median."""
    closest, hundredth, median = np.quantile(np.array(distances), (0.0, 0.01, 0.5)).round(3).tolist()
    return {f"{name}_closest": closest, f"{name}_percent_1": hundredth, f"{name}_median": median}
