"""Shards give back the images that went in, by any index, and refuse what is not theirs."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.damage import flips
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.shards import INDEX, Dataset, ShardWriter, levels_up_to

RESOLUTION = 16
COUNT = 11


def images(count: int = COUNT, seed: int = 0) -> list[dict[int, np.ndarray]]:
    random = np.random.default_rng(seed)
    sides = levels_up_to(RESOLUTION)
    return [
        {side: random.integers(0, 256, (side, side, 3), np.uint8) for side in sides} for _ in range(count)
    ]


def write(folder: Path, content: list[dict[int, np.ndarray]], shard_images: int = 4) -> str:
    writer = ShardWriter(folder, RESOLUTION, shard_images)
    for position, levels in enumerate(content):
        assert writer.add(levels) == divmod(position, shard_images)
    return writer.finish()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("dataset")
    write(folder, images())
    return Dataset(folder)


def test_held_out_images_are_in_the_index_and_the_version(tmp_path: Path) -> None:
    content, held_out = images(), {0, 3, 4, 10}
    for name, share, rows in (("none", 0.0, set()), ("some", 0.3, held_out), ("others", 0.3, {1})):
        writer = ShardWriter(tmp_path / name, RESOLUTION, 4, held_out=share)
        for place, levels in enumerate(content):
            writer.add(levels, held_out=place in rows)
        writer.finish()
    none, some, others = (Dataset(tmp_path / name) for name in ("none", "some", "others"))
    assert (some.held_out_share, set(np.flatnonzero(some.held_out))) == (0.3, held_out)
    assert len({none.version, some.version, others.version}) == 3
    assert none.version == write(tmp_path / "plain", content)
    assert not none.held_out.any()
    assert none.held_out_share == 0
    assert "held_out" not in (tmp_path / "none" / INDEX).read_text()


def test_levels_are_powers_of_two_from_four_on() -> None:
    assert levels_up_to(4) == [4]
    assert levels_up_to(512) == [4, 8, 16, 32, 64, 128, 256, 512]


@pytest.mark.parametrize("resolution", [0, 1, 2, 3, 12, 100, -8])
def test_other_resolutions_are_refused(resolution: int) -> None:
    with pytest.raises(ValueError, match=f"{resolution} px is not a power of two"):
        levels_up_to(resolution)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    indices=st.lists(st.integers(0, COUNT - 1), max_size=30),
    resolution=st.sampled_from(levels_up_to(RESOLUTION)),
)
def test_images_come_in_the_order_asked_for(dataset: Dataset, indices: list[int], resolution: int) -> None:
    content = images()
    found = dataset.images(indices, resolution)
    assert found.shape == (len(indices), resolution, resolution, 3)
    for image, index in zip(found, indices, strict=True):
        assert np.array_equal(image, content[index][resolution])


def test_it_knows_its_size(dataset: Dataset) -> None:
    assert len(dataset) == COUNT
    assert dataset.resolution == RESOLUTION
    assert dataset.counts == [4, 4, 3]


@pytest.mark.parametrize("indices", [[COUNT], [-1], [0, 99]])
def test_an_index_outside_is_refused(dataset: Dataset, indices: list[int]) -> None:
    with pytest.raises(IndexError, match="of a dataset of 11 images"):
        dataset.images(indices, 8)


def test_a_level_it_lacks_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="no level of 32 px in a dataset of 16 px"):
        dataset.images([0], 32)


def test_the_version_is_that_of_the_pixels(tmp_path: Path) -> None:
    content = images()
    versions = [write(tmp_path / name, content) for name in ("one", "same")]
    content[3][8][0, 0, 0] ^= 1
    versions.append(write(tmp_path / "other", content))
    assert versions[0] == versions[1] != versions[2]
    assert Dataset(tmp_path / "one").version == versions[0]


def test_shards_are_what_numpy_reads_and_their_checksums_hold(tmp_path: Path) -> None:
    write(tmp_path, images())
    index = json.loads((tmp_path / "index.json").read_text())
    for number, shard in enumerate(index["shards"]):
        for resolution, checksum in shard["sha256"].items():
            path = tmp_path / f"r{int(resolution):04d}" / f"{number:05d}.npy"
            assert sha256_of(path) == checksum
            assert np.load(path).shape == (shard["images"], int(resolution), int(resolution), 3)


def test_no_dataset_says_which_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no dataset in .*: run the curate stage first"):
        Dataset(tmp_path)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"format": 2}', "format 2, this program reads 1"),
        ('{"format": 1, "version": "a", "resolution": 16, "shards": []}', "has no images"),
    ],
)
def test_an_index_that_is_not_ours_is_refused(tmp_path: Path, index: str, says: str) -> None:
    (tmp_path / "index.json").write_text(index)
    with pytest.raises(UserError, match=says):
        Dataset(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-5]),
        lambda path: path.write_bytes(b"no array"),
        lambda path: np.save(path, np.zeros((4, 8, 8, 3), np.float32)),
        lambda path: np.save(path, np.zeros((3, 8, 8, 3), np.uint8)),
    ],
)
def test_a_damaged_shard_is_named(tmp_path: Path, damage) -> None:
    write(tmp_path, images())
    damage(tmp_path / "r0008/00001.npy")
    dataset = Dataset(tmp_path)
    assert len(dataset.images([0], 8)) == 1  # the other shards are well
    with pytest.raises(UserError, match=r"r0008/00001\.npy .*: delete .* and run dvc repro"):
        dataset.images([5], 8)


def test_one_image_is_a_view_of_its_shard(dataset: Dataset) -> None:
    for index in range(len(dataset)):
        image = dataset.image(index, 8)
        assert isinstance(image, np.memmap)
        np.testing.assert_array_equal(image, dataset.images([index], 8)[0])
    for index in (-1, len(dataset)):
        with pytest.raises(IndexError, match=f"index {index} of a dataset of {len(dataset)} images"):
            dataset.image(index, 8)
    with pytest.raises(ValueError, match="no level of 64 px"):
        dataset.image(0, 64)


def test_a_changed_pixel_is_noticed_by_the_checksum(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, 8, 2)
    for value in range(3):
        writer.add({side: np.full((side, side, 3), value, np.uint8) for side in (8, 4)})
    writer.finish()
    shard = tmp_path / "r0008/00001.npy"
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    with pytest.raises(UserError, match=r"r0008/00001\.npy is not what was written, by its SHA-256"):
        Dataset(tmp_path).images([2], 8)
    assert Dataset(tmp_path).images([0, 1], 8).shape == (2, 8, 8, 3)  # the other shard is well


def test_no_changed_bit_of_a_dataset_is_read(tmp_path: Path) -> None:
    write(tmp_path, images())
    whole = Dataset(tmp_path)
    wanted = [whole.images(range(len(whole)), side) for side in levels_up_to(RESOLUTION)]
    for path in (tmp_path / INDEX, *(path for path, _ in whole.shards())):
        for place in flips(path, 20):
            try:
                dataset = Dataset(tmp_path)
                read = [dataset.images(range(len(dataset)), side) for side in levels_up_to(RESOLUTION)]
            except UserError:
                continue
            assert path.name == INDEX, place  # a blank between two values
            assert all(map(np.array_equal, read, wanted)), place
            assert dataset.version == whole.version
