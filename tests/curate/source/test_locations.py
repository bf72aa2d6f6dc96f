"""Images on shared storage: an S3-compatible server on loopback."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curate.source.locations import location
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.packed.tar_shards import Named, write_shards
from fashion_pggan.storage.records import RawImage, write_records

REPOSITORY = Path(__file__).parents[3]
PRESET = "presets/photos.yaml"


@pytest.fixture
def storage(endpoint, monkeypatch):
    """The environment of a process that reads from the server."""
    for name, value in {
        "FSSPEC_S3_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)


def curate(source, target):
    """The command, for fsspec reads the environment when Python starts."""
    command = [sys.executable, "-m", "curate", source, str(target), "--params", PRESET]
    return subprocess.run(
        [*command, "--knowledge", str(target.with_suffix(".known")), "--workers", "1"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_images_on_s3_give_the_dataset_that_the_folder_gives(
    storage, endpoint, tmp_path, make_image, encode, run, tree
):
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="images")
    for seed in range(6):
        data = encode(make_image(width=400, height=420, seed=seed))
        path = tmp_path / f"raw/part{seed % 2}/{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        client.put_object(Bucket="images", Key=f"tops/part{seed % 2}/{seed}.png", Body=data)
    there = curate("s3://images/tops", tmp_path / "there")
    assert there.returncode == 0, there.stderr
    assert "kept 6" in there.stderr
    run(tmp_path / "raw", tmp_path / "here", load_params(REPOSITORY / PRESET).curate)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_shards_on_s3_are_read_by_ranges_and_give_the_same_dataset(
    storage, endpoint, tmp_path, make_image, encode, run, tree, raw_record
):
    import boto3

    images = [encode(make_image(width=400, height=420, seed=seed)) for seed in range(6)]
    named = [Named(f"{hashlib.sha256(data).hexdigest()}.png", data) for data in images]
    places = write_shards(tmp_path / "raw", named, 10**6)
    records = [raw_record(sha256, **place._asdict()) for sha256, place in places.items()]
    write_records(tmp_path / "raw/records.parquet", records, RawImage)
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="packed")
    for path in (path for path in (tmp_path / "raw").rglob("*") if path.is_file()):
        key = path.relative_to(tmp_path).as_posix()
        client.put_object(Bucket="packed", Key=key, Body=path.read_bytes())
    there = curate("s3://packed/raw", tmp_path / "there")
    assert there.returncode == 0, there.stderr
    assert "kept 6" in there.stderr
    run(tmp_path / "raw", tmp_path / "here", load_params(REPOSITORY / PRESET).curate)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_storage_that_is_not_there_is_one_line(storage, tmp_path):
    wrong = curate("s3://no-such-bucket/tops", tmp_path / "out")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: ")
    assert "s3://no-such-bucket/tops" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1


def test_an_address_that_nothing_reads_is_named():
    with pytest.raises(UserError, match="nothing://x cannot be read"):
        location("nothing://x")


def test_a_link_to_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match="loop is a link that leads to itself: remove it"):
        location(str(tmp_path / "loop"))
