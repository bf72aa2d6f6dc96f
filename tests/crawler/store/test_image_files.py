import errno
import os
from pathlib import Path

import pytest

from crawler.store import image_files
from crawler.store.store import Store
from crawler.store.stored import Fetched
from crawler.store.tombstones import Tombstones

JPEG = b"\xff\xd8\xff\xe0 an image"


def test_files_are_linked_and_copied_where_links_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path / "store", Tombstones(tmp_path / "tombstones.jsonl")) as store:
        image = store.keep(Fetched("http://a/1", JPEG, "image/jpeg", "2026-11-23T00:00:00+00:00"))
    assert image is not None
    image_files.link_files(tmp_path / "store", tmp_path / "linked", [image])
    assert (tmp_path / "linked" / image.file).samefile(tmp_path / "store" / image.file)

    def refuse(*arguments: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    image_files.link_files(tmp_path / "store", tmp_path / "copied", [image])
    assert (tmp_path / "copied" / image.file).read_bytes() == JPEG
    assert not (tmp_path / "copied" / image.file).samefile(tmp_path / "store" / image.file)
