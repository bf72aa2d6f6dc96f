"""Images of every kind, made here; the stage without processes; a copy of the program to change."""

import io
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from curate import stage
from fashion_pggan import program, provenance
from fashion_pggan.params import CurateParams, load_params
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.records import RawImage, write_records

REPOSITORY = Path(__file__).parents[2]
EXPORTED = 10  # images of the dataset `curated`


@pytest.fixture(scope="session")
def params() -> CurateParams:
    """Not params.yaml's, which a user may have changed."""
    return load_params(REPOSITORY / "presets" / "photos.yaml").curate.model_copy(
        update={
            "resolution": 32,
            "min_side": 64,
            "max_aspect": 2.5,
            "shard_images": 4,
            "people": "rules",
            "text": "rules",
        }
    )


def photograph(width: int = 120, height: int = 90, seed: int = 0) -> Image.Image:
    """A smooth image with colours that differ from corner to corner."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def make_image() -> Callable[..., Image.Image]:
    return photograph


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture
def program_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Replaces text in a copy of the program, by which the program is known from then on."""
    copy = tmp_path / "program"
    for package in ("curate", "fashion_pggan"):
        shutil.copytree(REPOSITORY / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (program, provenance):
        monkeypatch.setattr(module, "REPOSITORY", copy)
    program._content_of.cache_clear()

    def replace(file: str, old: str, new: str) -> None:
        text = (copy / file).read_text()
        assert old in text
        (copy / file).write_text(text.replace(old, new))
        program._content_of.cache_clear()

    yield replace
    program._content_of.cache_clear()


def in_this_process(function: Callable[[Any], Any], items: Sequence[Any], **_: object) -> Iterator[Any]:
    """Stands for workers: processes take a second each to start."""
    return map(function, items)


def run_here(source: Path, target: Path, params: CurateParams, **more: Any) -> Counter[str]:
    """The stage in this process; what is known lies beside the dataset unless another folder is given."""
    with mock.patch("curate.stage.workers_of", return_value=in_this_process):
        return stage.run(source, target, params, **{"knowledge": target.parent / "known", **more})


@pytest.fixture(scope="session")
def run() -> Callable[..., Counter[str]]:
    return run_here


def files_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, bytes]]:
    """The bytes of all files below a folder."""
    return files_of


@pytest.fixture(scope="session")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten usable images, one of them twice by bytes and once more by pixels, and four to drop."""
    folder = tmp_path_factory.mktemp("wild")
    for seed in range(10):
        photograph(seed=seed).save(folder / f"{seed}.png")
    (folder / "sub").mkdir()
    shutil.copy(folder / "3.png", folder / "sub/copy.png")
    photograph(seed=3).save(folder / "sub/same pixels.bmp")
    (folder / "empty.jpg").touch()
    (folder / "page.jpg").write_bytes(b"<html></html>")
    photograph(50, 50, seed=99).save(folder / "small.png")
    photograph(300, 70, seed=98).save(folder / "wide.png")
    photograph(seed=77).save(folder / ".hidden.png")
    return folder


@pytest.fixture(scope="session")
def made(wild: Path, params: CurateParams, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of the wild images (`out`), its `curate.json`, and what is `known`: to be read."""
    folder = tmp_path_factory.mktemp("made")
    run_here(wild, folder / "out", params, report=folder / "curate.json")
    return folder


@pytest.fixture
def known(made: Path, tmp_path: Path) -> Path:
    """What is known of the wild images: to be changed."""
    return Path(shutil.copytree(made / "known", tmp_path / "known"))


@pytest.fixture(scope="session")
def raw_record() -> Callable[..., RawImage]:
    """A crawl's record; what is not given is empty."""

    def record(sha256: str, file: str, **given: Any) -> RawImage:
        texts = dict.fromkeys(("url", "title", "query", "provider", "crawled_at", "content_type"), "")
        sizes = dict.fromkeys(("declared_width", "declared_height"))
        return RawImage(**{**texts, **sizes, "rank": 1, "size": 1, "sha256": sha256, "file": file, **given})

    return record


@pytest.fixture(scope="module")
def curated(
    tmp_path_factory: pytest.TempPathFactory,
    make_image: Callable[..., Image.Image],
    encode: Callable[..., bytes],
    params: CurateParams,
    run: Callable[..., Counter[str]],
    raw_record: Callable[..., RawImage],
) -> Path:
    """Ten images of a shop in three shards, and one that was dropped."""
    raw = tmp_path_factory.mktemp("raw")
    records = []
    for seed in range(EXPORTED + 1):
        size = (20, 20) if seed == EXPORTED else (120, 90)
        (raw / f"{seed}.png").write_bytes(encode(make_image(*size, seed=seed)))
        records.append(
            raw_record(
                sha256_of(raw / f"{seed}.png"),
                f"{seed}.png",
                url=f"https://shop.example/{seed}?a=1&b=2",
                title=f'티셔츠 "{seed}" | <b>',
                query="남자 반팔티",
                provider="demo",
                crawled_at=f"2026-11-{seed + 1:02d}T00:00:00+00:00",
            )
        )
    write_records(raw / "records.parquet", records, RawImage)
    folder = tmp_path_factory.mktemp("data") / "curated"
    run(raw, folder, params)
    return folder


@pytest.fixture(scope="module")
def hugging_face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The library `datasets`, kept from the network and from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(tmp_path_factory.mktemp("home")),
            "HF_DATASETS_CACHE": str(tmp_path_factory.mktemp("cache")),
        }.items():
            patch.setenv(name, value)
        import datasets  # reads the environment when it is imported

        datasets.disable_progress_bars()
        yield datasets
