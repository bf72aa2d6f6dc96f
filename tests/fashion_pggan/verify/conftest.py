"""A project with a file or more of every kind that the program writes, as it writes them."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from crawler.lines import line_of
from crawler.store.stored import StoredImage
from curate.facts.row import SCHEMA
from curate.known.stores import FactStore, LevelStore
from evaluate.comparison.cache import HASHES, Store
from evaluate.comparison.distances import Distances, Estimate
from fashion_pggan.command.line import call
from fashion_pggan.images.grid import write_grid
from fashion_pggan.storage.hashes import hashed_json
from fashion_pggan.storage.proof.listing import listed
from fashion_pggan.storage.records import CuratedImage, GeneratedImage, write_records
from fashion_pggan.storage.shards import ShardWriter, levels_up_to
from fashion_pggan.storage.targets import Kind, replace_target
from fashion_pggan.verify.kinds import verify
from fashion_pggan.verify.places import kinds_at
from train.record.log import Row, write_rows
from train.saved.checkpoint import write_checkpoint
from train.saved.self_hash import write_hashed

ARCHITECTURE = {"resolution": 8, "latent_size": 4, "fmap_base": 16, "fmap_max": 4}
STAGES = {
    "crawl": ("data/raw", "reports/crawl.json"),
    "curate": ("data/curated", "reports/curate.json", "reports/curate_sizes.csv"),
    "train": ("models", "reports/train.json", "reports/training.csv"),
    "generate": ("data/generated", "reports/generate.json"),
    "evaluate": ("reports/swd.csv", "reports/report.html", "reports/copies.png", "reports/evaluation.json"),
}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stages write."""
    folder = tmp_path_factory.mktemp("written")
    for write in (
        _raw,
        _store,
        _knowledge,
        _dataset,
        _run,
        _models,
        _kept_models,
        _generated,
        _distances,
        _reports,
    ):
        write(folder)
    return folder


@pytest.fixture
def project(written: Path, tmp_path: Path) -> Path:
    """A folder that stages ran in, without DVC."""
    return Path(shutil.copytree(written, tmp_path / "project"))


@pytest.fixture
def repository(project: Path) -> Path:
    """The same, with DVC's lock and cache."""
    outs = {stage: [_kept(project, path) for path in paths] for stage, paths in STAGES.items()}
    stages = {stage: {"cmd": "a", "outs": found} for stage, found in outs.items()}
    (project / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {name: {"cmd": "a"} for name in STAGES}}))
    (project / ".dvc/config").write_text("")
    return project


def named(place: Path) -> set[Path]:
    """The files that verify names as damaged, missing or foreign."""
    outcomes = [verify(place, kind) for kind in kinds_at(place)]
    return {path for outcome in outcomes if outcome for path, _ in outcome.damaged}


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int) -> str:
    """What verify prints before it ends with a status."""
    if status:
        with pytest.raises(SystemExit) as ended:
            call("verify", *words)
        assert ended.value.code == status
    else:
        call("verify", *words)
    return capsys.readouterr().out


def files_of(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


def _raw(project: Path) -> None:
    write_records(project / "data/raw/records.parquet", [_image(project / "data/raw", "a")], StoredImage)


def _store(project: Path) -> None:
    with listed(project / "runs/crawl", apart=("images",)):
        folder = project / "runs/crawl"
        write_records(folder / "fetched.parquet", [_image(folder, "b")], StoredImage)
        (folder / "fetched.jsonl").write_bytes(line_of(_image(folder, "c").model_dump()))
        (folder / "plan-1.jsonl").write_bytes(line_of({"query": "shirt", "page": 1}) * 3)
        (folder / "calls.json").write_bytes(line_of({"day": "2026-11-27", "calls": 10}))


def _image(folder: Path, content: str) -> StoredImage:
    data = f"an image {content}".encode() * 9
    name = hashlib.sha256(data).hexdigest()
    path = folder / "images" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return StoredImage(
        url=f"http://shop.example/{content}",
        sha256=name,
        file=path.relative_to(folder).as_posix(),
        size=len(data),
        content_type="",
        crawled_at="",
    )


def _knowledge(project: Path) -> None:
    folder = project / "runs/curate"
    with listed(folder):
        FactStore(folder / "facts-1", SCHEMA).add([dict.fromkeys(SCHEMA.names) | {"sha256": "a"}])
        flat = np.arange(3 * (8 * 8 + 4 * 4)).astype(np.uint8)
        LevelStore(folder / "levels-1", 8).add({"a": flat})
        with (folder / "facts-1/copies-1.npz").open("wb") as file:
            np.savez_compressed(file, names=np.array(["a"]))


def _dataset(project: Path) -> None:
    with replace_target(project / "data/curated", Kind("a dataset")) as folder:
        writer = ShardWriter(folder, 8, 4)
        writer.add({side: np.full((side, side, 3), side, np.uint8) for side in levels_up_to(8)})
        writer.finish()
        write_records(folder / "manifest.parquet", [], CuratedImage)
        write_records(folder / "measures.parquet", [], GeneratedImage)
        (folder / "README.md").write_text("a datasheet")


def _run(project: Path) -> None:
    run = project / "runs/train/1"
    with listed(run):
        write_checkpoint(run, 5, {"a": torch.ones(3)})
        for number, name in enumerate(("latest", "1", "2")):
            sort = "" if name == "latest" else "snapshots/"
            _snapshot(run / f"{sort}{name}.safetensors", number)
            write_grid(run / f"{sort and 'grids/'}{name}.png", np.full((1, 8, 8, 3), number, np.uint8), 1)
        rows = [Row(kimg, 0.0, 8, 4, *(0.5 for _ in range(6)), 0, 9.0) for kimg in (1.0, 2.0)]
        write_rows(run / "training.csv", rows, checks=True)
        (run / "status.json").write_text(hashed_json({"format": 1, "images_shown": 5}))
        (run / "tensorboard").mkdir()
        (run / "tensorboard/events.out.tfevents.1").write_bytes(bytes(range(99)))


def _snapshot(path: Path, number: int) -> None:
    origin = {"kimg": float(number), "lod": 0.0, "params_hash": "", "dataset_version": "", "git_commit": ""}
    header = {"format": 1, "architecture": ARCHITECTURE, "origin": origin}
    write_hashed(path, {"a": torch.ones(3)}, header)


def _models(project: Path) -> None:
    with replace_target(project / "models", Kind("models")) as folder:
        for number in (1, 2):
            _snapshot(folder / f"snapshots/{number}.safetensors", number)
            write_grid(folder / f"grids/{number}.png", np.full((1, 8, 8, 3), number, np.uint8), 1)


def _kept_models(project: Path) -> None:
    _snapshot(project / "kept/best.safetensors", 1)


def _generated(project: Path) -> None:
    with replace_target(project / "data/generated", Kind("images")) as folder:
        write_grid(folder / "images/0.png", np.zeros((1, 8, 8, 3), np.uint8), 1)
        write_grid(folder / "sheet.png", np.ones((1, 8, 8, 3), np.uint8), 1)
        for name in ("metadata.jsonl", "generated.json", "README.md"):
            (folder / name).write_text(f'{{"file_name": "{name}"}}')


def _distances(project: Path) -> None:
    folder = project / "runs/evaluate"
    with listed(folder):
        store = Store(folder)
        store.rows.mkdir(parents=True)
        store.keep_row("a" * 16, Distances({8: Estimate(1.0, 2.0)}, Estimate(1.0, 2.0)))
        described = store.sets / ("b" * 16)
        described.mkdir(parents=True)
        np.save(described / "8.npy", np.ones(9))
        sha256 = hashlib.sha256((described / "8.npy").read_bytes()).hexdigest()
        (described / HASHES).write_text(hashed_json({"8.npy": sha256}))


def _reports(project: Path) -> None:
    (project / "reports").mkdir()
    for path in (path for paths in STAGES.values() for path in paths if path.startswith("reports/")):
        (project / path).write_text(json.dumps({"figure": path}))


def _kept(project: Path, path: str) -> dict[str, str]:
    """An output as dvc.lock has it, with its objects in DVC's cache."""
    here = project / path
    if here.is_file():
        return {"path": path, "md5": _cached(project, here.read_bytes())}
    files = sorted(files_of(here), key=lambda file: file.relative_to(here).as_posix())
    entries = [
        {"md5": _cached(project, file.read_bytes()), "relpath": file.relative_to(here).as_posix()}
        for file in files
    ]
    return {"path": path, "md5": _cached(project, json.dumps(entries).encode(), ".dir")}


def _cached(project: Path, data: bytes, ending: str = "") -> str:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest() + ending
    place = project / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return md5
