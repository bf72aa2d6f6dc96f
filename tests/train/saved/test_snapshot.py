import pytest
import torch

from fashion_pggan.errors import UserError
from train.model.networks import Architecture, Generator
from train.saved import snapshot
from train.saved.snapshot import Origin, read_origin, read_snapshot, snapshot_path, write_snapshot

ORIGIN = Origin(kimg=12.5, lod=0.25, params_hash="p", dataset_version="d", git_commit="c")


def test_a_snapshot_comes_back_with_its_weights_and_its_origin(tmp_path):
    generator = Generator(Architecture(16, 8, 64, 8)).to(memory_format=torch.channels_last)
    path = snapshot_path(tmp_path, 12_500)
    write_snapshot(path, generator, ORIGIN)
    read, origin = read_snapshot(path)
    assert origin == ORIGIN
    latents = torch.randn(2, 8)
    torch.testing.assert_close(read(latents, 0.25), generator(latents, 0.25))


def test_the_origin_is_read_without_the_weights(tmp_path, monkeypatch):
    path = snapshot_path(tmp_path, 12_500)
    write_snapshot(path, Generator(Architecture(16, 8, 64, 8)), ORIGIN)
    read, opened = [], snapshot.safe_open

    class Watching:
        def __init__(self, *where, **how):
            self.file = opened(*where, **how)

        def __enter__(self):
            self.file.__enter__()
            return self

        def __exit__(self, *error):
            self.file.__exit__(*error)

        def metadata(self):
            return self.file.metadata()

        def keys(self):
            return self.file.keys()

        def get_tensor(self, name):
            read.append(name)
            return self.file.get_tensor(name)

    monkeypatch.setattr(snapshot, "safe_open", Watching)
    assert read_origin(path) == ORIGIN
    assert read == []
    read_snapshot(path)
    assert "dense.weight" in read


def test_names_sort_by_images_shown(tmp_path):
    paths = [snapshot_path(tmp_path, images) for images in (0, 999, 1000, 8_861_800, 12_000_000)]
    assert [path.name for path in paths] == sorted(path.name for path in paths)
    assert paths[3].name == "008861.800.safetensors"


@pytest.mark.parametrize("content", [None, b"", b"not a snapshot at all", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_snapshot_is_refused_by_name(tmp_path, content):
    path = tmp_path / "x.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.safetensors"):
        read_snapshot(path)
