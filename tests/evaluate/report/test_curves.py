import re

import numpy as np
import pytest

from evaluate.report.curves import distances_over_training
from tests.evaluate.report.evaluations import evaluation_of


@pytest.mark.parametrize(
    "averages", [(260.0, 90.0, 28.0), (99.0, 61.0), (12.0, 11.5, 11.2), (1000.0, 3.0), (31.0, 9.9), (5.0,)]
)
def test_labels_of_the_curve_stand_apart(averages):
    svg = str(distances_over_training(evaluation_of(*averages, floor=averages[-1] * 0.9, error=0.1)).svg)
    axis = svg[svg.index('id="matplotlib.axis_2"') :]
    labels = re.findall(
        r'translate\([\d.]+ ([\d.]+)\)[^>]*>([\d.]+)</text>|y="([\d.]+)"[^>]*>([\d.]+)</text>', axis
    )
    places = sorted(float(one or other) for one, _, other, _ in labels)
    assert 2 <= len(places) <= 10
    assert min(np.diff(places)) > 10  # points; the font has 9
