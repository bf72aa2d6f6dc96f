"""What a labelled dataset and its best snapshot are worth: classifiers, and the measures of each label."""

from dataclasses import dataclass
from typing import Any

from evaluate.comparison.cache import Store
from evaluate.worth.by_label import measure_by_label
from evaluate.worth.labelled_parts import Parts
from evaluate.worth.scores import Scores
from evaluate.worth.trials import Trials, side_of
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler

FEWEST_LABELS = 2


@dataclass(frozen=True)
class Worth:
    """What is known of the labels of a dataset and a snapshot."""

    scores: Scores | None
    says: str  # why there are no scores; else empty
    by_label: list[dict[str, Any]]  # as `measure_by_label`

    def facts(self) -> dict[str, Any] | str:
        """What `dvc metrics` shows: the scores, or why there are none."""
        return self.scores.facts() if self.scores else self.says

    def table(self) -> dict[str, Any]:
        """The whole of it, as evaluation.json holds it."""
        scores = self.scores.table() if self.scores else {"says": self.says}
        return {**scores, "by_label": self.by_label}


def measure_worth(
    dataset: Dataset,
    sampler: Sampler,
    params: EvaluateParams,
    *,
    mirror: bool,
    store: Store,
    work: Work,
) -> Worth:
    """Measure the labels of a dataset and of its best snapshot; arguments as of `measure_scores`."""
    by_label = measure_by_label(dataset, sampler, params, mirror=mirror, store=store, work=work)
    found = measure_scores(dataset, sampler, params, mirror=mirror, store=store, work=work)
    if isinstance(found, str):
        return Worth(None, found, by_label)
    return Worth(found, "", by_label)


def measure_scores(
    dataset: Dataset,
    sampler: Sampler | None,
    params: EvaluateParams,
    *,
    mirror: bool,
    store: Store,
    work: Work,
) -> Scores | str:
    """Train and test the classifiers.

    Args:
        dataset: with labels.
        sampler: a snapshot; None: real images alone.
        params: the evaluate section.
        mirror: whether classifiers see mirrored images, too.
        store: keeps every outcome.
        work: where to generate.

    Returns:
        The scores, or a sentence that says why there are none.
    """
    if not params.classifier_seeds:
        return "evaluate.classifier_seeds is 0, so no classifier is trained"
    if not dataset.held_out_share:
        return (
            "curate.held_out is 0, so every image is for training and none is left for a test: set it, such "
            "as 0.2, then curate and train again"
        )
    parts = Parts.of(dataset, params.seed, max(params.label_fewest, 1), params.classifier_images)
    if sampler:
        parts = parts.known_to(sampler.origin.labels)
    if len(parts.labels) < FEWEST_LABELS:
        few = "; ".join(parts.said_left_out())
        return (
            f"{len(parts.labels)} of the labels {', '.join(dataset.label_names)} has enough images for "
            f"training and for a test, and a classifier needs {FEWEST_LABELS} ({few}): lower "
            "evaluate.label_fewest, merge labels in curate.labels, or raise curate.held_out"
        )
    outcomes = Trials(dataset, parts, sampler, params, mirror=mirror, store=store, work=work).run()
    return Scores(parts, params, side_of(dataset, sampler, params), outcomes)
