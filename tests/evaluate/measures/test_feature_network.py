import warnings

import numpy as np
import pytest
import torch

from evaluate.measures.feature_network import FeatureNetwork
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)


@pytest.mark.parametrize("kind", ["pt2", "pt", "onnx"])
def test_a_network_of_any_kind_gives_features(write_network, make_images, kind):
    images = make_images(5, 32, 1)
    network = FeatureNetwork(write_network(kind), 0, "-1..1", WORK)
    found = network.features(set_of(images), 2, lambda _: None)
    expected = images.reshape(5, 2, 16, 2, 16, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2).reshape(5, 12)
    np.testing.assert_allclose(found, expected / 127.5 - 1, atol=1e-5)


def test_images_are_brought_to_the_networks_size(write_network, make_images):
    network = FeatureNetwork(write_network("onnx"), 32, "0..1", WORK)
    assert network.features(set_of(make_images(3, 64, 1)), 2, lambda _: None).shape == (3, 12)
    plain = FeatureNetwork(write_network("onnx"), 0, "0..1", WORK)
    with pytest.raises(UserError, match=r"network\.onnx cannot be run on images of shape \(2, 64, 64, 3\)"):
        plain.features(set_of(make_images(3, 64, 1)), 2, lambda _: None)


def test_a_network_that_gives_no_numbers_is_named(tmp_path, make_images):
    class Nothing(torch.nn.Module):
        def forward(self, planes):
            return planes.mean(dim=(2, 3)) / 0 * 0

    path = tmp_path / "nothing.pt"
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        torch.jit.save(torch.jit.trace(Nothing(), torch.zeros(2, 3, 32, 32), check_trace=False), path)
    network = FeatureNetwork(path, 0, "0..1", WORK)
    with pytest.raises(UserError, match=r"nothing\.pt gives values that are not finite for images 0 to 1"):
        network.features(set_of(make_images(2, 32, 1)), 2, lambda _: None)


def test_a_missing_or_broken_network_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no feature network at .*absent\.pt: give a file of your own"):
        FeatureNetwork(tmp_path / "absent.pt", 0, "0..1", WORK)
    for kind in ("pt2", "pt", "onnx"):
        path = tmp_path / f"broken.{kind}"
        path.write_bytes(b"no network")
        with pytest.raises(UserError, match="cannot be read as a feature network"):
            FeatureNetwork(path, 0, "0..1", WORK)
