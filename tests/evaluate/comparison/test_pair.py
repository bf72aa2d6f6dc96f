import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluate.comparison.cache import Store
from evaluate.comparison.pair import measure_pair
from evaluate.results.notes import notes_of
from evaluate.results.table import pair_json, pair_text
from evaluate.sets.image_set import ImageSet
from evaluate.sets.sources import of_dataset
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[3]
WORK = Work(2)


def _set(name, images):
    return ImageSet(name, len(images), images.shape[1], lambda indices: images[indices.start : indices.stop])


def _pair(tmp_path, params, reals, fakes, wanted=None):
    return measure_pair(_set("reals", reals), _set("fakes", fakes), wanted, params, Store(tmp_path), WORK)


def test_the_floor_is_of_other_real_images_where_there_are_enough(tmp_path, params, make_images):
    pair = _pair(tmp_path, params, make_images(40, 32, 1), make_images(20, 32, 2))
    assert (pair.images, pair.floor.kind) == (20, "disjoint")
    assert "40 and 20 images were cut to 20 per set" in "\n".join(notes_of(pair))
    assert "floor: 20 real images against 20 other real images" in notes_of(pair)


def test_too_few_real_images_are_said_to_give_the_floor_of_reused_ones(tmp_path, params, make_images):
    pair = _pair(tmp_path, params, make_images(39, 32, 1), make_images(20, 32, 2))
    assert pair.floor.kind == "reused"
    assert notes_of(pair)[-1].startswith("reused-images floor: the same 20 real images with patches at other")
    assert "the true floor is unavailable, because it takes 40 different real images" in notes_of(pair)[-1]
    assert "1.2 to 6 times by level, most at 16 px" in notes_of(pair)[-1]
    assert pair_text(pair).count("times the reused-images floor") == 1


def test_fewer_images_than_asked_for_are_said_in_text_and_json(tmp_path, params, make_images):
    reals, fakes = make_images(20, 32, 1), make_images(20, 32, 2)
    pair = _pair(tmp_path, params, reals, fakes, 16384)
    assert "16384 images per set were asked for, but there are 20: distances depend on" in pair_text(pair)
    assert (pair_json(pair)["images"], pair_json(pair)["images_asked"]) == (20, 16384)
    assert "asked for" not in pair_text(_pair(tmp_path, params, reals, fakes, 20))


def test_flat_images_have_no_contrast_instead_of_distances_in_the_billions(tmp_path, params, make_images):
    flat = np.repeat(np.arange(20, dtype=np.uint8), 32 * 32 * 3).reshape(20, 32, 32, 3) * 7
    one_colour = np.full((20, 32, 32, 3), 201, dtype=np.uint8)
    for first, second, most in (
        (flat, make_images(20, 32, 2), 2000),
        (flat, flat[::-1].copy(), 1500),
        (one_colour, one_colour + 9, 0),
    ):
        pair = _pair(tmp_path, params, first, second)
        assert all(each.value <= most for each in pair.distances.levels.values())
        assert "the first set has no contrast in a colour channel at 32" in pair_text(pair)
    assert "the second set has no contrast in a colour channel at 32, 16 px" in pair_text(pair)


def test_the_disjoint_floor_is_the_distance_of_the_two_parts(tmp_path, params, make_images):
    reals = make_images(40, 32, 1)
    pair = _pair(tmp_path, params, reals, make_images(20, 32, 2))
    direct = measure_pair(
        _set("reals", reals[:20]),
        _set("other reals", reals[20:]),
        None,
        params,
        Store(tmp_path),
        WORK,
        with_floor=False,
    )
    assert pair.floor.distances == direct.distances
    assert direct.floor is None


def test_the_sets_must_have_one_resolution(tmp_path, params, make_images):
    with pytest.raises(UserError, match="images of 32 and 64 px cannot be compared: bring them to one size"):
        _pair(tmp_path, params, make_images(4, 32, 1), make_images(4, 64, 2))


@pytest.mark.parametrize("resolution", [16, 128])
def test_any_power_of_two_from_16_on_can_be_measured(tmp_path, params, make_images, resolution):
    pair = _pair(tmp_path, params, make_images(8, resolution, 1), make_images(8, resolution, 2))
    assert list(pair.distances.levels) == [r for r in (128, 64, 32, 16) if r <= resolution]


class _Counting:
    """A dataset's images that count how often they are read."""

    def __init__(self, images):
        self.images, self.reads = images, 0

    def read(self, indices):
        self.reads += len(indices)
        return self.images.read(indices)


def _described(store, images, params):
    with store.described(images, params, WORK, lambda _: None) as found:
        return {level: np.array(each.values) for level, each in found.items()}


def test_a_dataset_is_described_once_and_again_when_anything_changes(tmp_path, params, dataset):
    store = Store(tmp_path)
    chosen = np.arange(24)
    counting = _Counting(of_dataset(dataset, chosen))
    images = ImageSet("reals", 24, 32, counting.read, counting.images.identity)
    first = _described(store, images, params)
    again = _described(store, images, params)
    assert counting.reads == 24
    for level, values in first.items():
        np.testing.assert_array_equal(again[level], values)
    _described(store, images, params.model_copy(update={"minibatch": 5, "directions": 3}))
    assert counting.reads == 24  # neither changes a descriptor
    _described(store, images, params.model_copy(update={"seed": 1}))
    assert counting.reads == 48
    assert of_dataset(dataset, chosen, mirror_seed=0).identity != counting.images.identity
    assert of_dataset(dataset, chosen[::-1]).identity != counting.images.identity


def test_the_store_keeps_two_sets_and_no_pieces(tmp_path, params, dataset):
    store = Store(tmp_path)
    (tmp_path / "descriptors" / ".building-999999999-killed").mkdir(parents=True)
    images = of_dataset(dataset, np.arange(12))
    for seed in range(4):
        _described(store, images, params.model_copy(update={"seed": seed}))
    names = [path.name for path in (tmp_path / "descriptors").iterdir()]
    assert len(names) == 2
    assert not [name for name in names if name.startswith(".")]


def test_a_full_disk_is_said_before_anything_is_computed(tmp_path, params, dataset, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(
        UserError, match=r"descriptors of 12 images need 0\.0 GB in .*: make room, or give --st"
    ):
        _described(Store(tmp_path), of_dataset(dataset, np.arange(12)), params)


def _evaluate(tmp_path, *arguments):
    command = [sys.executable, "-m", "evaluate", *map(str, arguments), "--store", str(tmp_path / "store")]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)


def _folder(path, images):
    path.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image).save(path / f"{index}.png")
    return path


def test_a_comparison_is_written_in_every_form(tmp_path, dataset, make_images):
    folder = _folder(tmp_path / "<images>", make_images(12, 32, 3))
    outputs = [tmp_path / f"table.{kind}" for kind in ("json", "csv", "html")]
    options = [word for path in outputs for word in (f"--{path.suffix[1:]}", path)]
    ended = _evaluate(tmp_path, dataset.folder, folder, *options)
    assert ended.returncode == 0, ended.stderr
    facts = json.loads(outputs[0].read_text())
    assert (facts["images"], facts["seed"]) == (12, 0)
    assert [row["level"] for row in facts["levels"]] == ["32", "16", "avg"]
    with outputs[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, fact in zip(rows, facts["levels"], strict=True):
        assert {name: str(value) for name, value in fact.items()} == row
        assert fact["low"] < fact["distance"] < fact["high"]
        assert fact["ratio"] == pytest.approx(fact["distance"] / fact["floor"], rel=1e-3)
        assert f"{fact['distance']:.4f}" in ended.stdout
        assert f"{fact['distance']:.4f}" in outputs[2].read_text()
    assert {row["floor_kind"] for row in rows} == {"disjoint"}
    page = outputs[2].read_text()
    assert "&lt;images&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_outside_the_repository_the_shipped_preset_is_used_and_the_users_cache(tmp_path, make_images):
    folder = _folder(tmp_path / "images", make_images(6, 32, 3))
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ended = subprocess.run(
        [sys.executable, "-m", "evaluate", folder, folder],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert "no params.yaml here: section evaluate is that of the preset paper" in ended.stderr
    assert "6 images per set" in ended.stdout
    assert (tmp_path / "cache/fashion-pggan/evaluate").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "images"]


def test_one_set_alone_is_held_against_its_other_half(tmp_path, dataset):
    ended = _evaluate(tmp_path, dataset.folder, "--seed", 3)
    assert ended.returncode == 0, ended.stderr
    assert "32 images per set, seed 3" in ended.stdout
    assert "two random halves of one set: this distance is the floor at 32 images" in ended.stdout
