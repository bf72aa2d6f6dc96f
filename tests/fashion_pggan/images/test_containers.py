"""Folders of images from elsewhere: what they name is an image below them, or is refused in one line."""

import io
import json
import os
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from fashion_pggan.errors import UserError
from fashion_pggan.images.reading import files_in


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set/images").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    return tmp_path / "set"


def png(seed=0):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def listed(folder, *names):
    lines = [json.dumps({"file_name": name}) for name in names]
    (folder / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")


def all_of(folder):
    files = files_in(folder)
    return [files.data(index) for index in range(len(files))]


def refused(folder, says):
    with pytest.raises(UserError, match=says) as raised:
        all_of(folder)
    assert str(folder) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["../home/a.png", "/etc/passwd", "a\0.png", "", ".", "images/../../home/a.png", "\ud800.png"]
)
def test_a_manifest_names_files_below_its_folder_alone(folder, name):
    listed(folder, name)
    refused(folder, "names no file in|cannot be read")


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path):
    (tmp_path / "home/private.png").write_bytes(png())
    (folder / "images/1.png").symlink_to(tmp_path / "home/private.png")
    (folder / "out").symlink_to(tmp_path / "home")
    for name in ("images/1.png", "out/private.png"):
        listed(folder, name)
        refused(folder, "line 1, names no file in")


def test_links_out_of_a_plain_folder_are_told(folder, tmp_path, caplog):
    (tmp_path / "home/private.png").write_bytes(png())
    (folder / "images/2.png").write_bytes(png(2))
    (folder / "images/1.png").symlink_to("2.png")
    assert all_of(folder) == [png(2)] * 2
    assert "links out of it" not in caplog.text
    (folder / "images/1.png").unlink()
    (folder / "images/1.png").symlink_to(tmp_path / "home/private.png")
    assert all_of(folder) == [png(), png(2)]
    assert "that are links out of it, and are read: 1; the first is images/1.png" in caplog.text


def test_links_that_dvc_makes_and_links_within_are_followed(folder, tmp_path):
    cached = tmp_path / "cache/files/md5/ab" / ("0123456789" * 3)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(png())
    (folder / "images/1.png").symlink_to(cached)
    (folder / "images/2.png").symlink_to("1.png")
    listed(folder, "images/1.png", "images/2.png")
    assert all_of(folder) == [png()] * 2


def odd(path, kind):
    path.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["images/1.png", "train-0.tar", "data/train-0-of-1.parquet"])
def test_a_pipe_or_a_device_is_refused_at_once(folder, name, kind):
    odd(folder / name, kind)
    if name == "images/1.png":
        listed(folder, name)
    refused(folder, "is not a plain file: move it away|names no file in")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["metadata.jsonl", "generated.json", ".fashion-pggan.json", "1.png"])
def test_a_pipe_or_a_device_counts_as_missing(folder, name, kind):
    odd(folder / name, kind)
    (folder / "2.png").write_bytes(png())
    assert all_of(folder) == [png()]


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"file_name": ' + "1" * 5000 + "}",
        '{"file_name": NaN}',
        "[]",
        '{"file_name": ["a"]}',
        "\ufeff{}",
        "{",
    ],
)
def test_an_odd_line_of_a_manifest_is_named_in_one_line(folder, line):
    (folder / "metadata.jsonl").write_text(line, encoding="utf-8")
    refused(folder, "line 1, names no file|cannot be read as imagefolder")


def test_a_manifest_of_one_endless_line_is_refused_at_once(folder):
    with (folder / "metadata.jsonl").open("wb") as file:
        file.truncate(40 << 30)
    refused(folder, "line 1, is longer than 16.8 MB")


def test_an_image_of_forty_gigabytes_is_refused_at_once(folder):
    with (folder / "images/1.png").open("wb") as file:
        file.truncate(40 << 30)
    listed(folder, "images/1.png")
    refused(folder, "1.png holds more than 268.4 MB")


def test_parquet_files_may_not_unpack_to_many_times_their_size(folder, monkeypatch):
    monkeypatch.setattr("fashion_pggan.images.containers.LARGEST_IMAGE", 1 << 20)
    (folder / "data").mkdir()
    path = folder / "data/train-00000-of-00001.parquet"
    image = np.random.default_rng(0).bytes(100_000)
    pq.write_table(pa.table({"image": pa.array([image] * 100)}), path)
    refused(folder, "unpacks to more than 8 times its size: get it again, or remove it")


def test_an_entry_of_a_tar_file_that_ends_behind_it_is_refused(folder):
    entry = tarfile.TarInfo("a.png")
    entry.size = 1 << 40
    (folder / "train-0.tar").write_bytes(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    refused(folder, "cannot be read as webdataset .*more than 268,435,456")
