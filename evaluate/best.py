"""What is measured of the best snapshot alone: how much its pictures vary, and whether they are copies."""

from pathlib import Path
from typing import Any

from evaluate.comparison import PictureSet
from evaluate.copies import find_copies, write_pairs
from evaluate.ms_ssim import SMALLEST, Variation, variation
from evaluate.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress


def measure_best(
    kimg: float, fakes: PictureSet, reals: PictureSet, sheet: Path, params: EvaluateParams, work: Work
) -> dict[str, Any]:
    """Measure it and write the sheet of its pictures nearest to training pictures.

    Args:
        kimg: of the snapshot.
        fakes: its pictures, as many as are wanted.
        reals: the whole training set.
        sheet: PNG to write.
        params: the evaluate section.
        work: where to compute.

    Returns:
        Facts for `dvc metrics`; what the parameters leave out is None.
    """
    facts: dict[str, Any] = {"kimg": kimg, "ms_ssim": None, "copies": None}
    pairs = min(params.variation_pairs, reals.count // 2)
    if pairs and reals.resolution >= SMALLEST:
        with Progress("comparing pairs", 4 * pairs, "pictures") as progress:
            of_fakes, of_reals = (
                variation(each.part(0, 2 * pairs, each.name), params.minibatch, work, progress.advance)
                for each in (fakes, reals)
            )
        facts["ms_ssim"] = {"pairs": pairs, "generated": _facts(of_fakes), "real": _facts(of_reals)}
    if params.copies_images:
        some = fakes.part(0, params.copies_images, fakes.name)
        found = find_copies(some, reals)
        write_pairs(sheet, found.generated, some, reals)
        facts["copies"] = found.facts()
    return facts


def _facts(found: Variation) -> dict[str, float | None]:
    low, high = found.similarity.interval or (None, None)
    numbers = {"value": found.similarity.value, "low": low, "high": high}
    return {name: number if number is None else round(number, 4) for name, number in numbers.items()}
