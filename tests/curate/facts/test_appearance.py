"""The network that tells garments from other things: its arithmetic, and how it is fitted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from benchmarks.curation.fitting.small_network import trained
from curate.facts.appearance import garment_logit, recognised_in, units
from curate.facts.view import View
from fashion_pggan.params import CurateParams


def test_units_are_cut_off_below_zero_and_added_up():
    network = np.array([[1, 2, -1, 10], [1, 0, -9, 100], [0, 0, 1, -0.5]], np.float32)  # weights, bias, count
    assert garment_logit(np.array([3, 4], np.float32), network) == (3 + 8 - 1) * 10 - 0.5


@settings(max_examples=30, deadline=None)
@given(
    pixels=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)), elements=st.integers(0, 255)
    )
)
def test_any_image_gets_a_score_from_0_to_1(pixels):
    assert 0 <= recognised_in(View(pixels)).garment_score <= 1


def test_the_weights_fit_the_features_and_are_finite():
    assert units().shape[1] == 1092 + 2
    assert np.isfinite(units()).all()


def test_two_clouds_are_told_apart_in_the_same_way_in_each_run():
    random = np.random.default_rng(1)
    features = np.concatenate([random.normal(0, 1, (300, 6)), random.normal(0, 1, (100, 6)) + 3])
    truth = np.repeat([1.0, 0.0], [300, 100])
    network = trained(features, truth)
    said = np.array([garment_logit(row, network) > 0 for row in features.astype(np.float32)])
    assert (said == truth).mean() > 0.97
    np.testing.assert_array_equal(network, trained(features, truth))


def test_garments_are_not_judged_by_default(params):
    assert CurateParams.model_fields["min_garment"].default == 0
    assert params.min_garment == pytest.approx(0)
