"""Images of every kind, made here; workers without processes; a copy of the program to change."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashion_pggan import program, provenance
from fashion_pggan.params import CurateParams, load_params

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def params() -> CurateParams:
    """Not params.yaml's, which a user may have changed."""
    return load_params(REPOSITORY / "presets" / "photos.yaml").curate.model_copy(
        update={"resolution": 32, "min_side": 64, "max_aspect": 2.5, "shard_images": 4}
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
