"""Evaluations with given average distances."""

from evaluate.comparison.distances import Distances, Estimate, Floor
from evaluate.comparison.snapshots import Row
from evaluate.results.evaluation import Evaluation


def evaluation_of(*averages, floor=10.0, error=1.0, kind="disjoint"):
    def of(value):
        return Distances({32: Estimate(value, error)}, Estimate(value, error))

    rows = [Row(float(place), 64, of(value), f"{place}.safetensors") for place, value in enumerate(averages)]
    return Evaluation(64, Floor(kind, of(floor)), rows)
