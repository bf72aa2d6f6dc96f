import re

import numpy as np
import pytest

from evaluate.comparison.distances import Distances, Estimate, Floor
from evaluate.comparison.snapshots import Row
from evaluate.report.curves import distances_over_training
from evaluate.results.evaluation import Evaluation


def _evaluation(*averages, floor=10.0, error=1.0, kind="disjoint"):
    def of(value):
        return Distances({32: Estimate(value, error)}, Estimate(value, error))

    rows = [Row(float(place), 64, of(value), f"{place}.safetensors") for place, value in enumerate(averages)]
    return Evaluation(64, Floor(kind, of(floor)), rows)


@pytest.mark.parametrize(
    "averages", [(260.0, 90.0, 28.0), (99.0, 61.0), (12.0, 11.5, 11.2), (1000.0, 3.0), (31.0, 9.9), (5.0,)]
)
def test_labels_of_the_curve_stand_apart(averages):
    svg = str(distances_over_training(_evaluation(*averages, floor=averages[-1] * 0.9, error=0.1)).svg)
    axis = svg[svg.index('id="matplotlib.axis_2"') :]
    labels = re.findall(
        r'translate\([\d.]+ ([\d.]+)\)[^>]*>([\d.]+)</text>|y="([\d.]+)"[^>]*>([\d.]+)</text>', axis
    )
    places = sorted(float(one or other) for one, _, other, _ in labels)
    assert 2 <= len(places) <= 10
    assert min(np.diff(places)) > 10  # points; the font has 9
