"""Selection of images for a dataset: near copies and low scores are left out on request."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_pggan.errors import UserError
from fashion_pggan.params import GenerateParams
from fashion_pggan.storage.shards import Images
from generate.checks.critic import Scorer
from generate.checks.neighbours import COPY_BITS, COPY_LEVELS, Neighbour, Training, Usual
from generate.sampling.sampler import Sampler, workers

SCORED = 256  # first latents, whose scores set the limit of low scores
FEW = 0.01  # smallest share of images that must pass
AFTER = 2000  # images seen before the share is checked


@dataclass(frozen=True)
class Candidate:
    """An image, its neighbour and its score."""

    index: int  # of its latent
    pixels: Images  # (resolution, resolution, 3)
    neighbour: Neighbour | None  # None: not looked up
    score: float | None


class Judge:
    """Measures images and keeps those that pass.

    Args:
        sampler: the snapshot, already truncated.
        params: the generate section.
        training: its training images; None: unknown.
        scorer: its critic; None: images are not scored.

    Raises:
        UserError: near copies are to be left out, but the training dataset is not given.
    """

    def __init__(
        self, sampler: Sampler, params: GenerateParams, training: Training | None, scorer: Scorer | None
    ) -> None:
        if params.reject_copies and training is None:
            raise UserError(
                "generate.reject_copies needs the training dataset: give --data data/curated, or "
                "set it to 0.0"
            )
        self.params, self.training, self.scorer = params, training, scorer
        self.seen, self.passed = 0, 0
        self.rejected: Counter[str] = Counter()
        self.usual = training.between_training_images() if training else Usual([], 0)
        self.nearest_allowed = COPY_LEVELS
        if self.usual.distances:
            self.nearest_allowed = float(np.quantile(self.usual.distances, params.reject_copies))
        self.lowest_allowed = self._lowest(sampler) if scorer else 0.0

    @property
    def rejects(self) -> bool:
        """Whether the parameters ask to leave out images."""
        return bool(self.params.reject_copies or self.params.reject_scores)

    def kept(self, start: int, images: Images, most: int) -> list[Candidate]:
        """The images (n, r, r, 3), of latents from `start` on, that pass; at most `most`.

        Raises:
            UserError: hardly any image passes.
        """
        near = workers().map(self.training.nearest, images) if self.training else None
        neighbours = [found[0] for found in near] if near else [None] * len(images)
        scores = self.scorer.scores(images) if self.scorer else [None] * len(images)
        passed: list[Candidate] = []
        for place, (pixels, neighbour, score) in enumerate(zip(images, neighbours, scores, strict=True)):
            if len(passed) == most:
                break
            candidate = Candidate(start + place, pixels, neighbour, score)
            reason = self._reason(candidate)
            self.seen += 1
            if reason:
                self.rejected[reason] += 1
            else:
                passed.append(candidate)
        self.passed += len(passed)
        self._check_pace()
        return passed

    def facts(self) -> dict[str, Any]:
        """How many images each check left out, and the limits."""
        facts: dict[str, Any] = {
            "rejected_copies": self.rejected["copies"],
            "rejected_scores": self.rejected["scores"],
        }
        if usual := self.usual.distances:
            closest, hundredth, median = np.quantile(usual, (0.0, 0.01, 0.5)).round(3).tolist()
            facts |= {"real_closest": closest, "real_percent_1": hundredth, "real_median": median}
        if self.training:
            facts["real_copies"] = self.usual.copies
        if self.params.reject_copies:
            facts |= {"copy_threshold": self.nearest_allowed, "copy_bits": COPY_BITS}
        if self.scorer:
            facts |= {"score_threshold": self.lowest_allowed, "score_sample": SCORED}
            facts["critic_kimg"] = self.scorer.images_shown / 1000
        return facts

    def _reason(self, candidate: Candidate) -> str:
        near = candidate.neighbour
        if self.params.reject_copies and near and (near.copy or near.distance <= self.nearest_allowed):
            return "copies"
        if candidate.score is not None and candidate.score < self.lowest_allowed:
            return "scores"
        return ""

    def _lowest(self, sampler: Sampler) -> float:
        assert self.scorer is not None
        scores: list[float] = []
        for start in range(0, SCORED, self.params.minibatch):
            indices = range(start, min(start + self.params.minibatch, SCORED))
            scores += self.scorer.scores(sampler.images(self.params.seed, indices))
        return float(np.quantile(scores, self.params.reject_scores))

    def _check_pace(self) -> None:
        if self.seen >= AFTER and self.passed < FEW * self.seen:
            raise UserError(
                f"{self.passed} of {self.seen} images passed ({dict(self.rejected)}): lower "
                "generate.reject_copies or generate.reject_scores"
            )
