import numpy as np
import pytest

from evaluate.comparison.cache import Store
from evaluate.comparison.distances import Distances, Estimate
from evaluate.sets.image_set import ImageSet
from evaluate.sets.sources import of_dataset
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from fashion_pggan.storage.locks import exclusive

WORK = Work(2)


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
    killed = tmp_path / "descriptors" / ".building-killed"
    killed.mkdir(parents=True)
    (killed / ".lock").write_text("fashion-pggan 4711\n")
    (killed / "32.npy").touch()
    images = of_dataset(dataset, np.arange(12))
    for seed in range(4):
        _described(store, images, params.model_copy(update={"seed": seed}))
    names = [path.name for path in (tmp_path / "descriptors").iterdir()]
    assert len(names) == 2
    assert not [name for name in names if name.startswith(".")]


def test_what_the_store_did_not_write_stays(tmp_path, params, dataset):
    store, images = Store(tmp_path), of_dataset(dataset, np.arange(12))
    mine = [
        "photos/1.jpg",
        "0123456789abcdef/thesis.txt",
        "0123456789abcdef/32.npy",
        ".building-mine/32.npy",
        ".building-4711-mine/.lock",
        ".building-4711-mine/thesis.txt",
    ]
    for name in mine:
        (tmp_path / "descriptors" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "descriptors" / name).touch()
    (tmp_path / "descriptors/fedcba9876543210").symlink_to(tmp_path)
    for seed in range(4):
        _described(store, images, params.model_copy(update={"seed": seed}))
    assert all((tmp_path / "descriptors" / name).exists() for name in mine)
    assert (tmp_path / "descriptors/fedcba9876543210").is_symlink()


def test_a_set_that_another_process_describes_stays(tmp_path, params, dataset):
    held = tmp_path / "descriptors/.building-other"
    held.mkdir(parents=True)
    with exclusive(held):
        (held / "32.npy").touch()
        _described(Store(tmp_path), of_dataset(dataset, np.arange(12)), params)
        assert (held / "32.npy").exists()


def test_a_full_disk_is_said_before_anything_is_computed(tmp_path, params, dataset, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(
        UserError,
        match=r"descriptors of 12 images need 451\.6 KB in .*: free some space, or give another --store",
    ):
        _described(Store(tmp_path), of_dataset(dataset, np.arange(12)), params)


@pytest.mark.parametrize("harm", ["value", "moments", "hashes", "missing"])
def test_descriptors_that_have_changed_are_computed_again_and_told(tmp_path, params, dataset, caplog, harm):
    store, images = Store(tmp_path), of_dataset(dataset, np.arange(12))
    first = _described(store, images, params)
    (folder,) = store.sets.iterdir()
    if harm == "missing":
        next(folder.glob("*.moments.npy")).unlink()
    else:
        name = {"value": "32.npy", "moments": "32.moments.npy", "hashes": "hashes.json"}[harm]
        data = bytearray((folder / name).read_bytes())
        data[-20] ^= 1
        (folder / name).write_bytes(data)
    again = _described(store, images, params)
    assert "are not those that were written: computing them again" in caplog.text
    for level, values in first.items():
        np.testing.assert_array_equal(again[level], values)
    caplog.clear()
    _described(store, images, params)
    assert not caplog.text


def test_distances_that_have_changed_are_measured_again_and_told(tmp_path, caplog):
    store, distances = Store(tmp_path), Distances({16: Estimate(12.5, 0.5)}, Estimate(12.5, 0.5))
    store.keep_row("key", distances)
    assert store.row("key") == distances
    path = store.rows / "key.json"
    path.write_text(path.read_text().replace("12.5", "11.5", 1))
    assert store.row("key") is None
    assert "key.json are not those that were written: measuring them again" in caplog.text
    caplog.clear()
    assert store.row("another") is None
    assert not caplog.text
