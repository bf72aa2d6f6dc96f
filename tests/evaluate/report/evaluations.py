"""Evaluations with given average distances."""

from dataclasses import replace

from evaluate.comparison.distances import Distances, Estimate, Floor
from evaluate.comparison.snapshots import Row
from evaluate.results.evaluation import Evaluation


def evaluation_of(*averages, floor=10.0, error=1.0, kind="disjoint", chances=(0.5, 0.5)):
    def of(value):
        return Distances({32: Estimate(value, error)}, Estimate(value, error))

    rows = [Row(float(place), 64, of(value), f"{place}.safetensors") for place, value in enumerate(averages)]
    again = replace(of(min(averages)), chances=chances)
    return Evaluation(64, Floor(kind, of(floor)), rows, again=again)
