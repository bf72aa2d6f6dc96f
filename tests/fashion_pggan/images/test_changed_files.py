"""What this program wrote is checked against its mark before an image of it is read."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.damage import flips
from fashion_pggan.errors import UserError
from fashion_pggan.images.reading import files_in
from fashion_pggan.storage.targets import Kind, replace_target


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with a mark and an image whose format has no checksum."""
    data = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 7, np.uint8)).save(data, "webp", lossless=True)
    with replace_target(tmp_path / "made", Kind("images")) as new:
        (new / "image.webp").write_bytes(data.getvalue())
    return tmp_path / "made"


def test_no_flipped_bit_is_read(written: Path) -> None:
    assert len(files_in(written)) == 1
    for _ in flips(written / "image.webp", 40):
        with pytest.raises(UserError, match=r"image\.webp is not what was written, by its SHA-256"):
            files_in(written)
    assert len(files_in(written)) == 1


def test_a_file_that_goes_while_its_folder_is_read_is_named(written: Path) -> None:
    files = files_in(written)
    (written / "image.webp").unlink()
    with pytest.raises(UserError, match=r"image\.webp is gone since this command began: run it again"):
        files.data(0)
