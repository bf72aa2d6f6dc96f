"""Every kind of file is read as a whole: one flipped bit is named, with how to mend it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.damage import flip
from crawler.lines import line_of
from crawler.store.stored import StoredImage
from curate.facts.row import SCHEMA
from curate.known.stores import FactStore, LevelStore
from evaluate.comparison.cache import Store
from evaluate.comparison.distances import Distances, Estimate
from fashion_pggan.command.line import call
from fashion_pggan.command.verify import verify_all
from fashion_pggan.storage.records import CuratedImage, write_records
from fashion_pggan.storage.shards import ShardWriter, levels_up_to
from fashion_pggan.storage.targets import Kind, replace_target
from fashion_pggan.verify.kinds import KINDS
from train.saved.checkpoint import write_checkpoint
from train.saved.self_hash import write_hashed

HEADER = {
    "format": 1,
    "architecture": {"resolution": 8, "latent_size": 4, "fmap_base": 16, "fmap_max": 4},
    "origin": {"kimg": 1.0, "lod": 0.0, "params_hash": "", "dataset_version": "", "git_commit": ""},
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One file or more of every kind but DVC's."""
    for folder, table in (("data/raw", "records.parquet"), ("runs/crawl", "fetched.parquet")):
        data = b"an image of " + folder.encode()
        name = hashlib.sha256(data).hexdigest()
        path = tmp_path / folder / "images" / name[:2] / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        stored = StoredImage(
            url="http://shop.example/u",
            sha256=name,
            file=path.relative_to(tmp_path / folder).as_posix(),
            size=len(data),
            content_type="",
            crawled_at="",
        )
        write_records(tmp_path / folder / table, [stored], StoredImage)
    FactStore(tmp_path / "runs/curate/facts-1", SCHEMA).add([dict.fromkeys(SCHEMA.names) | {"sha256": "a"}])
    flat = np.arange(3 * (8 * 8 + 4 * 4)).astype(np.uint8)
    LevelStore(tmp_path / "runs/curate/levels-1", 8).add({"a": flat})
    with (tmp_path / "runs/curate/facts-1/copies-1.npz").open("wb") as file:
        np.savez_compressed(file, names=np.array(["a"]))
    with replace_target(tmp_path / "data/curated", Kind("a dataset")) as folder:
        writer = ShardWriter(folder, 8, 4)
        writer.add({side: np.full((side, side, 3), side, np.uint8) for side in levels_up_to(8)})
        writer.finish()
        write_records(folder / "manifest.parquet", [], CuratedImage)
    for name in ("models", "data/generated"):
        with replace_target(tmp_path / name, Kind(name)) as folder:
            (folder / "image.png").write_bytes(b"an image")
    write_hashed(tmp_path / "models/snapshots/1.safetensors", {"a": torch.ones(3)}, HEADER)
    (tmp_path / "runs/train/1").mkdir(parents=True)
    write_checkpoint(tmp_path / "runs/train/1", 5, {"a": torch.ones(3)})
    (tmp_path / "runs/evaluate/rows").mkdir(parents=True)
    Store(tmp_path / "runs/evaluate").keep_row(
        "a" * 16, Distances({8: Estimate(1.0, 2.0)}, Estimate(1.0, 2.0))
    )
    return tmp_path


def test_all_is_whole(repository, capsys):
    verify_all(repository)
    said = capsys.readouterr().out
    assert said.endswith("all is whole\n")
    assert said.count(" 0 damaged") == len(KINDS) - 1
    assert "DVC's cache            .dvc             none here" in said


@pytest.mark.parametrize(
    "pattern",
    [
        "data/raw/records.parquet",
        "data/raw/images/*/*",
        "runs/crawl/fetched.parquet",
        "runs/crawl/images/*/*",
        "runs/curate/facts-1/*.parquet",
        "runs/curate/facts-1/*.npz",
        "runs/curate/levels-1/*.npy",
        "runs/curate/levels-1/*.json",
        "data/curated/index.json",
        "data/curated/manifest.parquet",
        "data/curated/r0008/*.npy",
        "data/curated/.fashion-pggan.json",
        "models/snapshots/*.safetensors",
        "models/*.png",
        "data/generated/*.png",
        "runs/train/*/*.pt",
        "runs/evaluate/rows/*.json",
    ],
)
def test_a_flipped_bit_is_named_with_how_to_mend_it(repository, capsys, pattern):
    (path,) = repository.glob(pattern)
    flip(path, 8 * (path.stat().st_size // 2) + 1)
    with pytest.raises(SystemExit) as ended:
        verify_all(repository)
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert f"    {path}: " in said
    assert "    to mend: " in said
    assert "1 damaged" in said


def test_files_that_are_gone_are_damage(repository, capsys):
    next(repository.glob("data/raw/images/*/*")).unlink()
    (repository / "data/generated/image.png").unlink()
    with pytest.raises(SystemExit):
        verify_all(repository)
    assert capsys.readouterr().out.count("No such file or directory") == 2


def test_where_nothing_is_all_is_whole(tmp_path, capsys):
    call("verify", str(tmp_path))
    assert capsys.readouterr().out.count("none here") == len(KINDS)


@pytest.mark.parametrize("name", ["fetched.jsonl", "plan-1.jsonl", "calls.json"])
def test_a_line_with_another_checksum_is_named(repository, capsys, name):
    line = line_of({"file": "images/ab/x", "url": "http://shop.example/u", "sha256": "0" * 64})
    (repository / "runs/crawl" / name).write_bytes(line.replace(b"shop", b"shot"))
    with pytest.raises(SystemExit):
        verify_all(repository)
    said = capsys.readouterr().out
    assert f"runs/crawl/{name}: 1 of its lines cannot be read" in said


def test_a_line_of_the_log_is_checked_too(repository, capsys):
    line = {"file": "images/ab/missing", "url": "u", "sha256": "0" * 64}
    (repository / "runs/crawl/fetched.jsonl").write_text(json.dumps(line) + "\n{torn")
    with pytest.raises(SystemExit):
        verify_all(repository)
    said = capsys.readouterr().out
    assert "images/ab/missing" in said
    assert "1 of its lines cannot be read" in said
