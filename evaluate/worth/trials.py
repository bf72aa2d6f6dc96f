"""Classifiers trained on real images, on generated ones and on both, each with several seeds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evaluate.comparison.cache import Store
from evaluate.comparison.snapshots import GENERATING
from evaluate.worth.confusion import Confusion
from evaluate.worth.labelled_parts import Parts
from evaluate.worth.small_classifier import labels_by, trained
from fashion_pggan.distance.descriptors import Indices
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.progress import Progress
from fashion_pggan.storage.shards import Dataset, Images
from generate.sampling.sampler import Sampler

BUDGET = {"classifier_kimg", "classifier_side"}  # parameters that change a classifier

Labelled = tuple[Images, npt.NDArray[np.int64]]  # (n, r, r, 3), (n,)


@dataclass(frozen=True)
class Trial:
    """What a classifier is trained on."""

    share: float  # of the real images for training; 0: none
    generated: bool  # whether the generated images are among its images


REAL, GENERATED = Trial(1.0, False), Trial(0.0, True)


@dataclass(frozen=True)
class Outcomes:
    """A table per seed for each trial, of the held-out images, and for `REAL` of the generated ones."""

    held_out: Mapping[Trial, list[Confusion]]
    generated: list[Confusion]  # empty without a generator


class Trials:
    """Classifiers for one dataset and one snapshot.

    Args:
        dataset: with labels.
        parts: its images for training and for the test.
        sampler: a snapshot with these labels; None: real images alone.
        params: the evaluate section.
        mirror: whether the generator's training mirrored its images; then the classifier's does, too.
        store: keeps every outcome, so that no classifier is trained twice.
        work: where to generate; classifiers are trained on the CPU, one on each core.
    """

    def __init__(
        self,
        dataset: Dataset,
        parts: Parts,
        sampler: Sampler | None,
        params: EvaluateParams,
        *,
        mirror: bool,
        store: Store,
        work: Work,
    ) -> None:
        self.dataset, self.parts, self.sampler, self.mirror = dataset, parts, sampler, mirror
        self.params, self.store, self.work = params, store, Work(work.workers)
        self.side = side_of(dataset, sampler, params)
        settings = params.model_dump(include=BUDGET)
        program = program_of("evaluate.worth", *GENERATING)
        source = (dataset.version, parts.identity, sampler.sha256 if sampler else "")
        self.key = hash_of("classifiers", *source, self.side, mirror, settings, program)

    def run(self) -> Outcomes:
        """Train what the store does not hold."""
        trials = trials_of(self.params, with_generator=self.sampler is not None)
        held_out: dict[Trial, list[Confusion]] = {trial: [] for trial in trials}
        generated = []
        seeds = range(self.params.seed, self.params.seed + self.params.classifier_seeds)
        with Progress("training classifiers", len(seeds) * len(trials), "classifiers") as progress:
            for seed in seeds:
                found = self._of_seed(seed, trials)
                for trial, tables in found.items():
                    held_out[trial].append(Confusion(np.array(tables["held_out"])))
                if self.sampler:
                    generated.append(Confusion(np.array(found[REAL]["generated"])))
                progress.advance(len(trials))
        return Outcomes(held_out, generated)

    def _of_seed(self, seed: int, trials: list[Trial]) -> dict[Trial, dict[str, list[list[int]]]]:
        keys = {trial: hash_of(self.key, seed, asdict(trial)) for trial in trials}
        found = {trial: kept for trial, key in keys.items() if (kept := self.store.values(key)) is not None}
        missing = [trial for trial in trials if trial not in found]
        made = self._generated(seed) if missing and self.sampler else None

        def tables_of(trial: Trial) -> dict[str, list[list[int]]]:
            images, labels = self._shown(trial, seed, made)
            count, shown = len(self.parts.labels), round(self.params.classifier_kimg * 1000)
            network = trained(images, labels, count, seed, shown, mirror=self.mirror)
            tests = {"held_out": self._test}
            if made and trial == REAL:
                tests["generated"] = made
            tables = {
                name: Confusion.of(true, labels_by(network, pixels), count).counts.tolist()
                for name, (pixels, true) in tests.items()
            }
            self.store.keep_values(keys[trial], tables)
            return tables

        return {**found, **dict(zip(missing, self.work.each(tables_of, missing), strict=True))}

    def _shown(self, trial: Trial, seed: int, made: Labelled | None) -> Labelled:
        sets = [self._read(self.parts.share(trial.share, seed))] if trial.share else []
        if trial.generated and made:
            sets.append(made)
        images, labels = zip(*sets, strict=True)
        return np.concatenate(images), np.concatenate(labels)

    @cached_property
    def _test(self) -> Labelled:
        return self._read(self.parts.held_out)

    def _read(self, chosen: Mapping[str, Indices]) -> Labelled:
        images = self.dataset.images(np.concatenate([*chosen.values()]), self.side)
        return images, np.repeat(np.arange(len(chosen)), [len(mine) for mine in chosen.values()])

    def _generated(self, seed: int) -> Labelled:
        """As many images of each label as there are real ones for training."""
        assert self.sampler
        counts = [len(mine) for mine in self.parts.training.values()]
        images = [
            generated_of(self.sampler, label, seed, sum(counts[:place]), count, self.side, self.params)
            for place, (label, count) in enumerate(zip(self.parts.labels, counts, strict=True))
        ]
        return np.concatenate(images), np.repeat(np.arange(len(counts)), counts)


def trials_of(params: EvaluateParams, *, with_generator: bool) -> list[Trial]:
    """What is trained with each seed."""
    shares = sorted({*params.classifier_shares, 1.0})
    alone = [Trial(share, generated=False) for share in shares]
    if not with_generator:
        return alone
    return [*alone, GENERATED, *(Trial(share, generated=True) for share in shares)]


def side_of(dataset: Dataset, sampler: Sampler | None, params: EvaluateParams) -> int:
    """Pixels of the images that classifiers see."""
    return min(
        params.classifier_side, dataset.resolution, sampler.resolution if sampler else dataset.resolution
    )


def generated_of(
    sampler: Sampler, label: str, seed: int, first: int, count: int, side: int, params: EvaluateParams
) -> Images:
    """Generated images of a label, (count, side, side, 3), from a latent index on."""
    of_label = sampler.of_label(label)
    parts = (
        range(first + start, first + min(start + params.minibatch, count))
        for start in range(0, count, params.minibatch)
    )
    return np.concatenate([shrunk(of_label.images(seed, part), side) for part in parts])


def shrunk(images: Images, side: int) -> Images:
    """Images (n, r, r, 3) at (n, side, side, 3), by means of squares, as the dataset's levels are."""
    count, resolution = images.shape[:2]
    factor = resolution // side
    squares = images.reshape(count, side, factor, side, factor, 3)
    small: Images = np.rint(squares.mean(axis=(2, 4))).astype(np.uint8)
    return small
