"""What the raw images are: by a crawl's records, or every file of a folder."""

import hashlib
import os
import shutil

import pytest

from curate.source import raw as raw_module
from curate.source.raw import Raw, raw_images
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.packed.tar_shards import Named, write_shards
from fashion_pggan.storage.records import CuratedImage, RawImage, read_records, write_records


@pytest.fixture
def crawled(wild, tmp_path, raw_record):
    """A crawl of two images, one of them found twice."""
    source = tmp_path / "raw"
    (source / "images").mkdir(parents=True)
    records = []
    for place, name in enumerate(["1.png", "2.png", "1.png"]):
        shutil.copy(wild / name, source / "images" / name)
        records.append(
            raw_record(
                sha256_of(wild / name),
                f"images/{name}",
                url=f"http://shop/{place}",
                title="티셔츠",
                query="남자 반팔티",
                provider="demo",
                crawled_at=f"2026-11-2{place}T00:00:00+00:00",
            )
        )
    write_records(source / "records.parquet", records, RawImage)
    return source


def test_a_crawls_records_give_the_provenance(crawled, tmp_path, params, run):
    outcomes = run(crawled, tmp_path / "out", params)
    assert outcomes == {"kept": 2, "DUPLICATE": 1}
    rows = read_records(tmp_path / "out/manifest.parquet", CuratedImage)
    assert {row.url for row in rows} == {"http://shop/0", "http://shop/1", "http://shop/2"}
    assert {row.query for row in rows} == {"남자 반팔티"}
    (crawled / "images/2.png").unlink()
    with pytest.raises(UserError, match=r"1 images of .* are missing, the first is images/2\.png"):
        run(crawled, tmp_path / "out", params)


def test_the_records_are_read_once_and_the_datasheet_speaks_of_them(
    crawled, tmp_path, params, run, monkeypatch
):
    def read_and_removed(path, kind):
        records = read_records(path, kind)
        path.unlink()
        return records

    monkeypatch.setattr(raw_module, "read_records", read_and_removed)
    run(crawled, tmp_path / "out", params)
    sheet = (tmp_path / "out/datasheet.md").read_text()
    assert "demo (3) raw images" in sheet
    assert "from 2026-11-20T00:00:00+00:00 to 2026-11-22T00:00:00+00:00" in sheet


def test_of_a_plain_folder_every_file_that_is_not_hidden_is_an_image(tmp_path):
    (tmp_path / "sub/.cache").mkdir(parents=True)
    for name in ("a.png", ".b.png", "sub/c", "sub/.cache/d.png"):
        (tmp_path / name).write_bytes(name.encode())
    found = sorted(raw_images(tmp_path, map), key=lambda raw: raw.file)
    assert found == [Raw(hashlib.sha256(name.encode()).hexdigest(), name) for name in ("a.png", "sub/c")]


def test_links_out_of_a_plain_folder_are_told(tmp_path, caplog):
    (tmp_path / "photos").mkdir()
    (tmp_path / "other.png").write_bytes(b"other")
    (tmp_path / "photos/a.png").symlink_to(tmp_path / "other.png")
    assert [image.sha256 for image in raw_images(tmp_path / "photos", map)] == [
        hashlib.sha256(b"other").hexdigest()
    ]
    assert (
        f"that are links out of it, and are read: 1; the first is a.png, which is {tmp_path}" in caplog.text
    )


def test_a_name_that_is_no_utf8_is_a_name_like_any_other(tmp_path, params, make_image, encode, run):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / os.fsdecode(b"caf\xe9.png")).write_bytes(encode(make_image(seed=1)))
    (raw / os.fsdecode(b"page\xe9.png")).write_bytes(b"<html>")
    assert run(raw, tmp_path / "out", params) == {"kept": 1, "NOT_IMAGE": 1}
    rows = read_records(tmp_path / "out/manifest.parquet", CuratedImage)
    assert {row.file for row in rows} == {"caf\\udce9.png", "page\\udce9.png"}


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path, params, run):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/secret.png").touch(mode=0)
    with pytest.raises(UserError, match=r"secret\.png cannot be read \(Permission denied\)"):
        run(tmp_path / "raw", tmp_path / "out", params)


@pytest.fixture
def raw_with_links(tmp_path, make_image, encode, raw_record):
    """Raw images of one record that names `file`: beside links to an image outside and to its folder."""
    raw = tmp_path / "raw"
    raw.mkdir()
    data = encode(make_image(seed=1))
    (tmp_path / "1.png").write_bytes(data)
    (raw / "linked").symlink_to(tmp_path)
    (raw / "link.png").symlink_to(tmp_path / "1.png")

    def recorded(file):
        record = raw_record(hashlib.sha256(data).hexdigest(), file, url="http://evil/1", size=len(data))
        write_records(raw / "records.parquet", [record], RawImage)
        return raw

    return recorded


@pytest.mark.parametrize("file", ["../1.png", "ABSOLUTE", "linked/1.png"])
def test_a_record_that_leads_out_of_the_raw_images_is_refused(tmp_path, params, run, raw_with_links, file):
    raw = raw_with_links(str(tmp_path / "1.png") if file == "ABSOLUTE" else file)
    with pytest.raises(UserError, match=r"the record of 'http://evil/1' in .*raw has the file '"):
        run(raw, tmp_path / "out", params)
    assert not (tmp_path / "out").exists()


def test_raw_images_may_be_links_as_dvc_makes_them(tmp_path, params, run, raw_with_links):
    assert run(raw_with_links("link.png"), tmp_path / "out", params) == {"kept": 1}


@pytest.fixture
def as_crawled(tmp_path, raw_record):
    """Two images as a crawl names them, and their records."""
    records = []
    for content in (b"one", b"other"):
        sha256 = hashlib.sha256(content).hexdigest()
        path = tmp_path / "raw/images" / sha256[:2] / f"{sha256}.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        records.append(raw_record(sha256=sha256, file=path.relative_to(tmp_path / "raw").as_posix()))
    write_records(tmp_path / "raw/records.parquet", records, RawImage)
    return tmp_path / "raw", records


def test_a_crawls_images_without_their_records_are_no_plain_folder(as_crawled):
    folder, records = as_crawled
    assert [raw.file for raw in raw_images(folder, map)] == [record.file for record in records]
    (folder / "records.parquet").unlink()
    with pytest.raises(
        UserError, match=r"holds the images of a crawl, but no records\.parquet: run the crawl"
    ):
        raw_images(folder, map)


def test_records_of_another_crawl_do_not_pass(as_crawled):
    folder, records = as_crawled
    write_records(folder / "records.parquet", records[:1], RawImage)
    with pytest.raises(
        UserError, match=r"1 files of a crawl in .* have no record in records\.parquet, the first is images"
    ):
        raw_images(folder, map)


@pytest.fixture
def packed(wild, tmp_path, raw_record):
    """Two images of a crawl in a shard, and their records."""
    images = [
        Named(f"{sha256_of(wild / name)}.png", (wild / name).read_bytes()) for name in ("1.png", "2.png")
    ]
    places = write_shards(tmp_path / "raw", images, 10**9)
    records = [
        raw_record(sha256, **place._asdict(), url=f"http://shop/{sha256[0]}")
        for sha256, place in places.items()
    ]
    write_records(tmp_path / "raw/records.parquet", records, RawImage)
    return tmp_path / "raw", records


def test_images_in_shards_are_read_in_place(packed, tmp_path, params, run):
    source, records = packed
    assert run(source, tmp_path / "out", params) == {"kept": 2}
    there = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert there == {"records.parquet", records[0].file}
    rows = read_records(tmp_path / "out/manifest.parquet", CuratedImage)
    assert {(row.sha256, row.file) for row in rows} == {(one.sha256, one.file) for one in records}


def test_shards_and_single_files_give_the_same_dataset(packed, wild, tmp_path, params, run):
    source, _ = packed
    single = tmp_path / "single"
    single.mkdir()
    for name in ("1.png", "2.png"):
        shutil.copy(wild / name, single / name)
    run(source, tmp_path / "out", params)
    run(single, tmp_path / "other", params)
    assert (tmp_path / "out/index.json").read_bytes() == (tmp_path / "other/index.json").read_bytes()


@pytest.mark.parametrize("known", [False, True])
def test_a_damaged_image_in_a_shard_is_named_with_its_shard_and_what_mends_it(
    packed, tmp_path, params, run, known
):
    source, records = packed
    if known:
        run(source, tmp_path / "out", params)
    shard = source / records[1].file
    data = bytearray(shard.read_bytes())
    data[records[1].offset + 50] ^= 1
    shard.write_bytes(data)
    with pytest.raises(
        UserError,
        match=rf"^1 images are not .+; the first is {records[1].sha256} in {shard} at byte",
    ):
        run(source, tmp_path / "out", params)


@pytest.mark.parametrize(
    "place", [{"offset": 10**6}, {"size": 10**6}, {"offset": 2**48, "size": 2**32}, {"offset": 513}]
)
def test_a_place_that_is_none_in_its_shard_is_refused(packed, tmp_path, params, run, place):
    source, records = packed
    records[1] = records[1].model_copy(update=place)
    write_records(source / "records.parquet", records, RawImage)
    with pytest.raises(
        UserError,
        match=r"has images in it up to byte|not what their records say|has [\d,]+ bytes, but records",
    ):
        run(source, tmp_path / "out", params)


@pytest.mark.parametrize("place", [{"offset": -512}, {"size": -1}, {"offset": 2**60}])
def test_a_place_that_is_none_in_any_file_is_no_record(packed, tmp_path, params, run, place):
    source, records = packed
    records[1] = records[1].model_copy(update=place)
    write_records(source / "records.parquet", records, RawImage)
    with pytest.raises(UserError, match=r"cannot be read as RawImage records"):
        run(source, tmp_path / "out", params)


def test_a_shard_without_its_records_is_no_plain_folder(packed):
    source, _ = packed
    write_records(source / "records.parquet", [], RawImage)
    with pytest.raises(UserError, match=r"have no record in records\.parquet, the first is shards/"):
        raw_images(source, map)
    (source / "records.parquet").unlink()
    with pytest.raises(UserError, match=r"holds the images of a crawl, but no records\.parquet"):
        raw_images(source, map)


def test_unchanged_shards_are_read_once(packed, tmp_path, params, run, monkeypatch):
    source, _ = packed
    monkeypatch.setattr("fashion_pggan.storage.hashes.FINE_YOUNG_NS", 0)
    run(source, tmp_path / "out", params)
    run(source, tmp_path / "out", params)  # checks what is known
    monkeypatch.setattr("fashion_pggan.storage.packed.in_shard.members_found", lambda *_: pytest.fail("read"))
    run(source, tmp_path / "out", params)
