"""The distance and the variation of each label's images, as of all images together."""

from typing import Any

from evaluate.comparison.cache import MEASURING, Store
from evaluate.comparison.distances import plain
from evaluate.comparison.pair import measure_pair
from evaluate.comparison.snapshots import GENERATING
from evaluate.measures.ms_ssim import beside_real
from evaluate.sets.image_set import ImageSet
from evaluate.sets.sources import of_dataset, of_snapshot, shown
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler

MEASURED_BY = (*MEASURING, *GENERATING, "evaluate.measures", "evaluate.worth")


def measure_by_label(
    dataset: Dataset, sampler: Sampler, params: EvaluateParams, *, mirror: bool, store: Store, work: Work
) -> list[dict[str, Any]]:
    """A row per label: images per set, distance, floor of other real images, and MS-SSIM of both sets.

    A label whose images do not suffice for two sets of `params.label_fewest` has a row with their number
    alone, and so has one that the snapshot does not know.

    Args:
        dataset: of the training, with labels; its images that are held out do not count.
        sampler: the best snapshot.
        params: the evaluate section.
        mirror: whether training mirrored its images; then the reals are mirrored too.
        store: keeps the rows, so that nothing is measured twice.
        work: where to compute.
    """
    settings = params.model_dump(exclude={"minibatch", "copies_images"})
    key = hash_of("by label", dataset.version, sampler.sha256, mirror, settings, program_of(*MEASURED_BY))
    if (kept := store.values(key)) is None:
        order = shown(dataset, params.seed)
        rows = []
        for place, label in enumerate(dataset.label_names):
            mine = order[dataset.labels[order] == place]
            reals = of_dataset(dataset, mine, mirror_seed=params.seed if mirror else None)
            rows.append(
                {"label": label, "real": len(mine), **_measured(label, reals, sampler, params, store, work)}
            )
        kept = {"rows": rows}
        store.keep_values(key, kept)
    found: list[dict[str, Any]] = kept["rows"]
    return found


def _measured(
    label: str, reals: ImageSet, sampler: Sampler, params: EvaluateParams, store: Store, work: Work
) -> dict[str, Any]:
    images = min(params.images, reals.count // 2)  # so that the floor compares other images
    known = sampler.origin.labels.get(label, 0) > 0
    if images < max(params.label_fewest, 2) or not known:
        return {"images": 0, "distance": None, "floor": None, "ratio": None, "ms_ssim": None}
    fakes = of_snapshot(sampler.of_label(label), params.seed, images)
    pair = measure_pair(reals, fakes, images, params, store, work)
    assert pair.floor
    pairs = min(params.variation_pairs, images // 2)
    distance, floor = pair.distances.average, pair.floor.distances.average
    return {
        "images": images,
        "distance": plain(distance),
        "floor": plain(floor),
        "ratio": plain(distance.over(floor)),
        "ms_ssim": beside_real(fakes, reals, pairs, params.minibatch, work),
    }
