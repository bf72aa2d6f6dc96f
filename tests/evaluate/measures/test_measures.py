import json
import math
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from evaluate.measures.feature_network import FeatureNetwork
from evaluate.measures.features import KernelSums, feature_distances, frechet
from evaluate.measures.memorisation import find_copies, write_pairs
from evaluate.measures.ms_ssim import WEIGHTS, ms_ssim, variation
from evaluate.measures.nearest import neighbours_among, neighbours_of, training_of
from evaluate.sets.image_set import ImageSet
from evaluate.sets.sources import of_dataset, of_path, shuffled
from fashion_pggan.command.line import call
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[3]
WORK = Work(2)


def _set(images, name="images"):
    return ImageSet(name, len(images), images.shape[1], lambda indices: images[indices.start : indices.stop])


# variation


def test_an_image_is_wholly_similar_to_itself():
    images = torch.rand(3, 3, 64, 64) * 255
    torch.testing.assert_close(ms_ssim(images, images), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("resolution", [16, 32, 256])
def test_flat_images_differ_by_their_brightness_alone_in_the_last_scale(resolution):
    one, other = (torch.full((1, 3, resolution, resolution), value) for value in (50.0, 200.0))
    stable = (0.01 * 255) ** 2
    luma = (2 * 50 * 200 + stable) / (50**2 + 200**2 + stable)
    assert ms_ssim(one, other).item() == pytest.approx(luma ** WEIGHTS[-1], rel=1e-9)


def _plain_ms_ssim(one, other):
    """Written with loops over windows, from the formulas."""
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        size = min(11, one.shape[0])
        places = np.arange(size) - (size - 1) / 2
        taps = np.exp(-(places**2) / (2 * (1.5 * size / 11) ** 2))
        window = np.outer(taps, taps) / taps.sum() ** 2
        wholes, contrasts = [], []
        for top in range(one.shape[0] - size + 1):
            for left in range(one.shape[1] - size + 1):
                for channel in range(3):
                    a, b = (each[top : top + size, left : left + size, channel] for each in (one, other))
                    mean_a, mean_b = (window * a).sum(), (window * b).sum()
                    spread = (window * (a - mean_a) ** 2).sum() + (window * (b - mean_b) ** 2).sum()
                    shared = (window * (a - mean_a) * (b - mean_b)).sum()
                    contrast = (2 * shared + 7.65**2) / (spread + 7.65**2)
                    luma = (2 * mean_a * mean_b + 2.55**2) / (mean_a**2 + mean_b**2 + 2.55**2)
                    contrasts.append(contrast)
                    wholes.append(luma * contrast)
        result *= max(np.mean(wholes if scale == 4 else contrasts), 0) ** weight
        half = one.shape[0] // 2
        one, other = (each.reshape(half, 2, half, 2, 3).mean(axis=(1, 3)) for each in (one, other))
    return result


def test_similarity_is_that_of_the_formulas(make_images):
    one, other = (make_images(1, 32, seed)[0].astype(float) for seed in (1, 2))
    other = 0.7 * one + 0.3 * other
    planes = [torch.from_numpy(each).permute(2, 0, 1)[None] for each in (one, other)]
    assert ms_ssim(*planes).item() == pytest.approx(_plain_ms_ssim(one, other), rel=1e-9)


def test_pairs_are_neighbours_and_no_image_is_in_two(make_images):
    images = make_images(9, 32, 1)
    found = variation(_set(images), 2, WORK, lambda _: None)
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    each = ms_ssim(planes[0:8:2], planes[1:8:2])
    assert found.pairs == 4
    assert found.similarity.value == pytest.approx(each.mean().item())
    assert found.similarity.error == pytest.approx(each.std().item() / 2)
    with pytest.raises(ValueError, match="1 images of 32 px have no similarity"):
        variation(_set(images[:1]), 2, WORK, lambda _: None)


# features


def test_frechet_distance_of_normal_clouds_is_the_closed_form():
    random = np.random.default_rng(0)
    real = random.normal(0, 1, (40_000, 3))
    fake = random.normal(0, 1, (40_000, 3)) * [1, 2, 3] + [1, 0, 2]
    expected = 1 + 4 + (2 - 1) ** 2 + (3 - 1) ** 2
    assert frechet(real, fake) == pytest.approx(expected, rel=0.03)
    assert frechet(real, real) == pytest.approx(0, abs=1e-9)


def test_kernel_distance_is_the_mean_over_all_pairs():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(9, 4)), random.normal(1, 1, size=(9, 4))
    kernel = lambda a, b: (a @ b / 4 + 1) ** 3  # noqa: E731  # the formula
    within = sum(
        kernel(each[i], each[j]) for each in (real, fake) for i in range(9) for j in range(9) if i != j
    )
    across = sum(kernel(a, b) for a in real for b in fake)
    assert KernelSums.of(real, fake, seed=0).distance() == pytest.approx(within / 72 - 2 * across / 81)


@pytest.mark.parametrize("apart", [0.0, 0.3])
def test_intervals_of_fid_and_kid_are_as_wide_as_other_images_make_them_vary(apart):
    random = np.random.default_rng(0)
    draws = [
        feature_distances(
            random.normal(size=(256, 8)), random.normal(apart, 1, size=(256, 8)), 5, seed=place, replicates=24
        )
        for place in range(40)
    ]
    kids = np.array([one.kid for one in draws])
    fids = np.array([one.fid for one in draws])
    fid_errors = [(one.fid_high - one.fid) / 1.96 for one in draws]
    assert 0.7 < np.mean([one.kid_error for one in draws]) / kids.std() < 2
    assert 0.7 < np.mean(fid_errors) / fids.std() < 2
    held = [one.kid_low <= kids.mean() <= one.kid_high for one in draws]
    assert np.mean(held) > 0.85


def test_frechet_distance_is_the_same_by_images_and_by_components():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 30, 12)) * random.uniform(1, 3, 12)
    wide = [np.concatenate([each, np.zeros((30, 40))], axis=1) for each in (real, fake)]
    assert frechet(*wide) == pytest.approx(frechet(real, fake), rel=1e-9)


def test_without_replicates_or_with_few_images_there_is_no_interval():
    few = np.random.default_rng(0).normal(size=(2, 7, 3))
    many = np.random.default_rng(0).normal(size=(2, 20, 3))
    for found in (
        feature_distances(*few, 2, replicates=24),
        feature_distances(*many, 2),
    ):
        assert (found.fid_low, found.kid_low, found.kid_error) == (None, None, None)


def test_equal_clouds_are_precise_and_covered_and_far_ones_are_neither():
    random = np.random.default_rng(0)
    real, alike = random.normal(size=(2, 600, 5))
    same = feature_distances(real, alike, 5)
    assert abs(same.kid) < 60
    assert min(same.precision, same.recall) > 0.9
    assert same.density == pytest.approx(1, abs=0.1)
    assert same.coverage > 0.9
    far = feature_distances(real, alike + 100, 5)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    assert far.fid == pytest.approx(5 * 100**2, rel=0.01)
    one_mode = feature_distances(real, np.tile(real[:1], (600, 1)) + 1e-6 * alike, 5)
    assert one_mode.precision == 1
    assert one_mode.recall < 0.05
    assert one_mode.coverage < 0.05
    with pytest.raises(ValueError, match="give equal numbers, 6 or more"):
        feature_distances(real[:5], alike[:5], 5)


class _Colours(torch.nn.Module):
    """Mean colours in quarters of an image: a feature network of a few numbers."""

    def forward(self, planes):
        return torch.nn.functional.adaptive_avg_pool2d(planes, 2).flatten(1)


def _network(folder, kind):
    path = folder / f"network.{kind}"
    example = torch.zeros(2, 3, 32, 32)
    if kind == "pt2":
        sizes = ({0: torch.export.Dim("images")},)
        torch.export.save(torch.export.export(_Colours(), (example,), dynamic_shapes=sizes), path)
    elif kind == "pt":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.jit.save(torch.jit.trace(_Colours(), example), path)
    else:
        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            [
                onnx.helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[16, 16], strides=[16, 16]),
                onnx.helper.make_node("Flatten", ["y"], ["z"]),
            ],
            "colours",
            [value("x", onnx.TensorProto.FLOAT, ["n", 3, 32, 32])],
            [value("z", onnx.TensorProto.FLOAT, ["n", 12])],
        )
        opset = [onnx.helper.make_opsetid("", 17)]
        onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


@pytest.mark.parametrize("kind", ["pt2", "pt", "onnx"])
def test_a_network_of_any_kind_gives_features(tmp_path, make_images, kind):
    images = make_images(5, 32, 1)
    network = FeatureNetwork(_network(tmp_path, kind), 0, "-1..1", WORK)
    found = network.features(_set(images), 2, lambda _: None)
    expected = images.reshape(5, 2, 16, 2, 16, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2).reshape(5, 12)
    np.testing.assert_allclose(found, expected / 127.5 - 1, atol=1e-5)


def test_images_are_brought_to_the_networks_size(tmp_path, make_images):
    network = FeatureNetwork(_network(tmp_path, "onnx"), 32, "0..1", WORK)
    assert network.features(_set(make_images(3, 64, 1)), 2, lambda _: None).shape == (3, 12)
    plain = FeatureNetwork(_network(tmp_path, "onnx"), 0, "0..1", WORK)
    with pytest.raises(UserError, match=r"network\.onnx cannot be run on \(2, 64, 64, 3\)"):
        plain.features(_set(make_images(3, 64, 1)), 2, lambda _: None)


def test_a_network_that_gives_no_numbers_is_named(tmp_path, make_images):
    class Nothing(torch.nn.Module):
        def forward(self, planes):
            return planes.mean(dim=(2, 3)) / 0 * 0

    path = tmp_path / "nothing.pt2"
    torch.export.save(torch.export.export(Nothing(), (torch.zeros(2, 3, 32, 32),)), path)
    network = FeatureNetwork(path, 0, "0..1", WORK)
    with pytest.raises(UserError, match=r"nothing\.pt2 gives values that are not finite for images 0 to 1"):
        network.features(_set(make_images(2, 32, 1)), 2, lambda _: None)


def test_a_missing_or_broken_network_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no feature network at .*absent\.pt: nothing is downloaded"):
        FeatureNetwork(tmp_path / "absent.pt", 0, "0..1", WORK)
    for kind in ("pt2", "pt", "onnx"):
        path = tmp_path / f"broken.{kind}"
        path.write_bytes(b"no network")
        with pytest.raises(UserError, match="cannot be read as a feature network"):
            FeatureNetwork(path, 0, "0..1", WORK)


# copies


@pytest.fixture(scope="module")
def training(make_images):
    return make_images(60, 32, 1)


def test_planted_copies_are_found_mirrored_ones_too(training, make_images):
    generated = make_images(20, 32, 2)
    generated[3] = training[41]
    generated[7] = training[8][:, ::-1]
    brighter = np.clip(training[20].astype(int) + 3, 0, 255)
    generated[11] = brighter
    found = find_copies(_set(generated), _set(training))
    near = found.generated
    assert set(near.closest(3, found.threshold)) == {3, 7, 11}
    assert list(near.index[[3, 7, 11]]) == [41, 8, 20]
    assert list(near.mirrored[[3, 7, 11]]) == [False, True, False]
    assert near.pixels[3] == near.pixels[7] == 0
    assert near.pixels[11] == pytest.approx(3, abs=0.2)
    assert near.bits[3] == near.bits[7] == 0
    assert near.bits[11] < 32 < np.median(near.bits)
    assert found.copies == found.near == 3
    assert found.facts()["near_share"] == 0.15
    assert "3 of 20 generated images are copies of training images: within 4 grey levels" in found.text()
    assert "3 of 20 (15.0%) are copies or as near to a training image as 1%" in found.text()


def test_darkened_copies_are_found_by_their_hashes_mirrored_ones_too(training, make_images, tmp_path):
    generated = make_images(20, 32, 2)
    generated[3] = training[41] // 2
    generated[7] = training[8][:, ::-1] // 3
    found = find_copies(_set(generated), _set(training))
    assert list(found.generated.index[[3, 7]]) == [41, 8]
    assert list(found.generated.mirrored[[3, 7]]) == [False, True]
    assert found.generated.pixels[[3, 7]].min() > found.threshold
    assert found.copies == found.near == 2
    assert {pair["generated"] for pair in found.distances()["pairs"][:2]} == {3, 7}


def test_copies_within_the_training_set_hide_no_copies_of_it(training, make_images):
    generated = make_images(20, 32, 2)
    generated[3], generated[7] = training[2], training[41]
    doubled = np.concatenate([training, training[:10], training[:1] // 2])
    found, plain = (find_copies(_set(generated), _set(each)) for each in (doubled, training))
    assert found.threshold > 0.8 * plain.threshold > 0
    assert found.copies == found.near == 2
    assert found.real_copies == 10 * 2 + 1
    assert "21 of the training images that were compared have copies in the training set" in found.text()


def test_a_training_set_of_one_image_many_times_still_has_a_threshold(training):
    same = np.repeat(training[:1], 50, axis=0)
    found = find_copies(_set(training[:3]), _set(same))
    assert (found.threshold, found.copies, found.real_copies) == (4.0, 1, 50)
    assert found.facts()["real"] is None
    json.dumps(found.distances())


def test_the_threshold_comes_from_all_real_images_however_few_are_generated(training, make_images):
    generated = make_images(20, 32, 2)
    few, many = (find_copies(_set(generated[:count]), _set(training)) for count in (1, 20))
    assert few.threshold == many.threshold
    assert len(few.real.pixels) == 60


def test_photographs_of_other_garments_are_no_copies_and_darkened_ones_are(shared):
    images = []
    for path in sorted((shared / "images/tops").glob("*.jpg"))[:300]:
        with Image.open(path) as image:
            image.draft("RGB", (128, 128))
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            square = image.convert("RGB").crop((left, top, left + side, top + side))
            images.append(np.asarray(square.resize((64, 64), Image.Resampling.BOX)))
    photographs = np.stack(images)
    honest = photographs[150:].copy()
    assert find_copies(_set(honest), _set(photographs[:150])).copies == 0
    honest[::10] = photographs[:15] // 2
    found = find_copies(_set(honest), _set(photographs[:150]))
    assert np.flatnonzero(found.generated.copies).tolist() == list(range(0, 150, 10))
    assert found.generated.index[::10].tolist() == list(range(15))


def test_real_images_are_not_their_own_neighbours(training):
    found = find_copies(_set(training), _set(training))
    assert found.generated.pixels.max() == 0
    assert found.real.pixels.min() > 0
    assert not (found.real.index == np.arange(60)).any()
    full = training.astype(float)
    for place in range(5):
        others = [full[index][:, ::-1] if flip else full[index] for index in range(60) for flip in (0, 1)]
        apart = [math.sqrt(((full[place] - other) ** 2).mean()) for other in others]
        apart[2 * place] = apart[2 * place + 1] = math.inf
        assert found.real.pixels[place] == pytest.approx(min(apart), rel=0.05)  # of few candidates


def test_a_set_is_reduced_once_and_looked_up_part_by_part(dataset):
    described = []
    images = of_dataset(dataset, np.arange(len(dataset)))
    training = training_of(images, described.append)
    assert sum(described) == len(dataset)
    backwards = _set(dataset.images(range(10), 32)[::-1])
    parts = [neighbours_of(backwards.part(*part, "part"), training) for part in ((0, 3), (3, 7))]
    assert [index for part in parts for index in part.index] == list(range(9, -1, -1))
    assert all((part.pixels == 0).all() for part in parts)
    others = neighbours_among(images.part(0, 10, "first"), training)[0]
    assert (others.pixels > 0).all()


def test_the_sheet_shows_the_closest_pairs_side_by_side(tmp_path, training, make_images):
    generated = make_images(5, 32, 2)
    generated[4] = training[9][:, ::-1]
    found = find_copies(_set(generated), _set(training))
    write_pairs(tmp_path / "sheet.png", found, _set(generated), _set(training))
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * 32, 8 * 32, 3)
    np.testing.assert_array_equal(sheet[:32, :32], generated[4])
    np.testing.assert_array_equal(sheet[:32, 32:64], generated[4])


def test_pairs_are_named_as_a_person_finds_them(tmp_path, dataset):
    for place in range(3):
        Image.fromarray(dataset.images(range(place, place + 1), 32)[0]).save(tmp_path / f"copy{place}.png")
    training = of_dataset(dataset, shuffled(len(dataset), 5))
    found = find_copies(of_path(tmp_path, "fakes", 1), training)
    named = {(Path(pair["generated"]).stem, pair["training"]) for pair in found.pairs(3)}
    assert named == {("copy0", 0), ("copy1", 1), ("copy2", 2)}
    assert "copy1.png of 1" in found.text()


def test_sets_that_do_not_fit_are_refused(training, make_images):
    with pytest.raises(UserError, match="images of 64 and 32 px cannot be compared"):
        find_copies(_set(make_images(2, 64, 1)), _set(training))
    with pytest.raises(UserError, match="1 training images have no neighbours"):
        find_copies(_set(training), _set(training[:1]))


# commands


def _evaluate(*arguments):
    command = [sys.executable, "-m", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)


def test_the_commands_write_their_numbers(tmp_path, dataset):
    facts, sheet = tmp_path / "facts.json", tmp_path / "sheet.png"
    ended = _evaluate(
        "copies", dataset.folder, dataset.folder, "--images", 9, "--sheet", sheet, "--json", facts
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(facts.read_text())["near"] == 9
    assert sheet.is_file()
    ended = _evaluate("variation", dataset.folder, "--pairs", 5, "--json", facts)
    assert ended.returncode == 0, ended.stderr
    assert "5 pairs" in ended.stdout
    assert 0 < json.loads(facts.read_text())["value"] < 1
    network = _network(tmp_path, "pt2")
    ended = _evaluate("features", dataset.folder, dataset.folder, "--network", network, "--json", facts)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(facts.read_text())
    assert (found["images"], found["precision"], found["coverage"]) == (64, 1, 1)
    assert found["kid_low"] < found["kid"] < found["kid_high"]
    assert f"{found['kid_low']:.4f} to {found['kid_high']:.4f}" in ended.stdout
    assert found["fid"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["features", "{data}", "{data}", "--network", "weights.pt"], "no feature network at weights.pt"),
        (["copies", "{data}", "{data}", "--images", "0"], "--images 0: give 1 or more"),
        (["variation", "{data}", "--pairs", "-3"], "--pairs -3: give 1 or more"),
        (["{data}", "--workers", "0"], "--workers 0: give 1 or more"),
        (["{data}", "--seed", "-1"], "--seed -1: give 0 or more"),
        (["{data}", "--store", "/proc/1/x"], "cannot make the folder /proc/1/x"),
        (["{data}", "--store", "{data}/index.json"], "cannot make the folder"),
    ],
)
def test_wrong_options_are_one_clear_line(dataset, arguments, says, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(UserError) as caught:
        call("evaluate", *(part.format(data=dataset.folder) for part in arguments))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
