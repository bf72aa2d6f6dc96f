"""`fashion-pggan show` takes one image out of data/raw, and never writes over another file."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.commands.show import show
from crawler.store.raw import RECORDS
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.records import RawImage, write_records
from tests.crawler.kept import raw

Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def crawled(shop: Any, crawl: Crawl, tmp_path: Path) -> Path:
    shop.images["/p/copy.jpg"] = shop.images["/p/7.jpg"]
    crawl()
    return tmp_path / "raw"


def test_an_image_is_found_by_its_address_its_hash_or_the_beginning_of_that(
    shop: Any, crawled: Path, tmp_path: Path
) -> None:
    body = shop.images["/p/7.jpg"]
    sha256 = hashlib.sha256(body).hexdigest()
    for place, name in enumerate((f"{shop.address}/p/7.jpg#top", sha256, sha256[:12].upper())):
        said = show(name, crawled, tmp_path / f"{place}.jpg")
        assert (tmp_path / f"{place}.jpg").read_bytes() == body
    assert said.splitlines()[0] == f"written to   {tmp_path / '2.jpg'}"
    assert f"{shop.address}/p/7.jpg\n" in said
    assert f"{shop.address}/p/copy.jpg\n" in said


def test_the_file_is_named_by_the_hash_and_another_file_stays(
    shop: Any, crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record = raw(tmp_path)[3]
    show(record.url, crawled, None)
    show(record.url, crawled, None)  # the same bytes
    assert hashlib.sha256(Path(f"{record.sha256}.jpg").read_bytes()).hexdigest() == record.sha256
    Path("mine.jpg").write_text("mine")
    with pytest.raises(UserError, match=r"mine\.jpg is another file: move it away, or give another OUT"):
        show(record.url, crawled, Path("mine.jpg"))
    assert Path("mine.jpg").read_text() == "mine"


def test_a_file_that_appears_meanwhile_stays_and_a_pipe_is_not_read(
    shop: Any, crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, mine = raw(tmp_path)[3], tmp_path / "mine.jpg"

    def write_late(path: Path, data: bytes) -> None:
        mine.write_text("mine")
        write_bytes(path, data)

    monkeypatch.setattr("crawler.commands.show.write_bytes", write_late)
    with pytest.raises(UserError, match=r"mine\.jpg is another file"):
        show(record.url, crawled, mine)
    assert mine.read_text() == "mine"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe is another file"):
        show(record.url, crawled, tmp_path / "pipe")


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_file_without_an_end_is_no_image(shop: Any, crawled: Path, tmp_path: Path, kind: str) -> None:
    record = raw(tmp_path)[3]
    single = f"images/{record.sha256[:2]}/{record.sha256}.jpg"
    (crawled / single).parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(crawled / single)
    else:
        (crawled / single).symlink_to("/dev/zero")
    write_records(crawled / RECORDS, [record.model_copy(update={"file": single, "offset": 0})], RawImage)
    with pytest.raises(UserError, match=r"\.jpg is not a plain file: move it away"):
        show(record.sha256, crawled, tmp_path / "out.jpg")


def test_what_cannot_be_shown_is_said(shop: Any, crawled: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"nothing: .+ has no such image: give a URL or a SHA-256"):
        show("nothing", crawled, None)
    with pytest.raises(UserError, match=r"no folder at .+elsewhere: give a crawl's output, such as data/raw"):
        show("nothing", tmp_path / "elsewhere", None)
    record = raw(tmp_path)[3]
    shard = crawled / record.file
    data = bytearray(shard.read_bytes())
    data[record.offset] ^= 1
    shard.write_bytes(data)
    with pytest.raises(
        UserError, match=rf"{shard} at byte {record.offset}, {record.sha256}, is not what was fetched"
    ):
        show(record.sha256, crawled, tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()


def test_a_beginning_that_several_hashes_have_is_too_short(
    crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [one.model_copy(update={"sha256": f"abcdef{n:058}"}) for n, one in enumerate(raw(tmp_path))]
    monkeypatch.setattr("crawler.commands.show.raw_of", lambda _: records)
    with pytest.raises(ArgumentError, match=r"abcdef names 31 images of .+: give more of it"):
        show("abcdef", crawled, None)
