"""Two models, each compared with the same held-out images: their distances and the difference."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluate.comparison.cache import Store
from evaluate.comparison.compare import measure
from evaluate.comparison.distances import Difference, Distances
from evaluate.comparison.pair import check_sizes
from evaluate.sets.novelty import tell_seen
from evaluate.sets.sources import of_dataset, of_snapshot, shuffled
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler


@dataclass(frozen=True)
class TwoModels:
    """The distances of a former and a new model from the same real images."""

    images: int  # per set
    held_out: float  # share of the dataset; 0: all images were measured, whether shown or not
    dataset_version: str
    former: Distances
    new: Distances
    differences: dict[str, Difference]  # new minus former, by published column name

    @property
    def better(self) -> str:
        """`new` or `former`, if the interval of the average's difference says so; else empty."""
        interval = self.differences["SWDx1e3_avg"].interval
        if interval is None or interval[0] <= 0 <= interval[1]:
            return ""
        return "new" if interval[1] < 0 else "former"


def compare_models(
    former: Path,
    new: Path,
    dataset: Dataset,
    params: EvaluateParams,
    store: Store,
    work: Work,
) -> TwoModels:
    """Measure two snapshots against the held-out images of a dataset.

    Args:
        former: a snapshot.
        new: another one.
        dataset: with the held-out images (curate.held_out); where none are held out, all are measured.
        params: the evaluate section.
        store: for descriptors.
        work: where to compute.

    Raises:
        UserError: nothing is held out, or a snapshot cannot be read or compared.
    """
    held_out = dataset.held_out_share
    chosen = np.flatnonzero(dataset.held_out) if held_out else np.arange(len(dataset))
    if not len(chosen):
        raise UserError(
            f"none of the {len(dataset)} images is held out by share {held_out:g}: raise curate.held_out"
        )
    chosen = chosen[shuffled(len(chosen), params.seed)][: params.images]
    reals = of_dataset(dataset, chosen)
    samplers = [Sampler.load(path, work.torch_device) for path in (former, new)]
    for path, sampler in zip((former, new), samplers, strict=True):
        tell_seen(path, sampler.origin, dataset)
    sets = [of_snapshot(sampler, params.seed, reals.count) for sampler in samplers]
    for fakes in sets:
        check_sizes(reals, fakes, params.smallest_level)
    with (
        Progress("measuring distances", 3 * reals.count, "images") as progress,
        store.described(reals, params, work, progress.advance) as real,
    ):
        raw = []
        for fakes in sets:
            with store.described(fakes, params, work, progress.advance) as fake:
                raw.append(measure(real, fake, params, work, in_pairs=True))
    return TwoModels(
        reals.count, held_out, dataset.version, raw[0].distances(), raw[1].distances(), raw[1].minus(raw[0])
    )
