"""Folders with a mark are checked beyond their mark."""

from pathlib import Path

from fashion_pggan.storage.targets import Kind, replace_target
from fashion_pggan.verify.datasets import marked


def test_an_image_that_was_damaged_before_the_mark_was_written_is_named(tmp_path: Path) -> None:
    with replace_target(tmp_path / "models", Kind("trained models")) as folder:
        (folder / "grid.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00IDATxxxx")
    assert "part" in dict(marked(tmp_path / "models"))[tmp_path / "models/grid.png"]
