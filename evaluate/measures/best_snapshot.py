"""The measures of the best snapshot alone: variation of its images, copies of training images, features."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluate.measures.colours import tones
from evaluate.measures.feature_network import FeatureNetwork, measure_features
from evaluate.measures.memorisation import find_copies, write_pairs
from evaluate.measures.ms_ssim import beside_real
from evaluate.measures.nearest import training_of
from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.storage.files import write_text


def measure_best(
    kimg: float,
    fakes: ImageSet,
    reals: ImageSet,
    folder: Path,
    params: EvaluateParams,
    work: Work,
    network: FeatureNetwork | None,
    *,
    label_of: Callable[[int], str] | None = None,
) -> dict[str, Any]:
    """Measure the best snapshot, and write its images that are nearest to training images.

    Args:
        kimg: of the snapshot.
        fakes: its images.
        reals: the whole training set.
        folder: for `copies.png` (a contact sheet of the closest pairs) and `copies.json`.
        params: the evaluate section.
        work: where to compute.
        network: the user's feature network, for FID and the like; None: without.
        label_of: the label of an image of `fakes`; None: there are no labels.

    Returns:
        Facts for `dvc metrics`; None for a measure that the parameters switch off.
    """
    facts: dict[str, Any] = {
        "kimg": kimg,
        "ms_ssim": None,
        "distinct": None,
        "copies": None,
        "features": None,
    }
    pairs = min(params.variation_pairs, reals.count // 2)
    facts["ms_ssim"] = beside_real(fakes, reals, pairs, params.minibatch, work)
    facts["colours"] = tones(fakes, reals.part(0, min(reals.count, fakes.count), reals.name))
    some = fakes.part(0, params.copies_images, fakes.name)
    facts["distinct"] = _distinct(some, reals)
    found = find_copies(some, reals)
    write_pairs(folder / "copies.png", found, some, reals)
    write_text(folder / "copies.json", json.dumps(found.distances()) + "\n")
    facts["copies"] = found.facts()
    if label_of:
        facts["copies"]["by_label"] = found.by_label([label_of(place) for place in range(some.count)])
    if network:
        facts["features"] = measure_features(network, reals, fakes, params.feature_neighbours, params)
    return facts


def _distinct(fakes: ImageSet, reals: ImageSet) -> dict[str, int]:
    """How many images are no copies of others of their set; as many real images beside them."""
    some = reals.part(0, min(reals.count, fakes.count), reals.name)
    made, real = (training_of(each) for each in (fakes, some))
    return {
        "images": made.count,
        "distinct": made.count - made.repeats(),
        "real_images": real.count,
        "real_distinct": real.count - real.repeats(),
    }
