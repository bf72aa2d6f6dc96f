import errno
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from crawler.lines import line_of, values_of
from crawler.store import store as store_module
from crawler.store.store import Store, images_of
from crawler.store.stored import Fetched, extension_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError

JPEG = b"\xff\xd8\xff\xe0 an image"


def opened(folder: Path) -> Store:
    return Store(folder, Tombstones(folder / "tombstones.jsonl"))


def abandon(store: Store) -> None:
    """What a kill leaves: the log as it is."""
    os.close(store.handle)


def fetched(url: str = "http://a/1", body: bytes = JPEG) -> Fetched:
    return Fetched(url, body, "image/jpeg", "2026-11-23T00:00:00+00:00")


def test_an_image_is_kept_unmodified_under_its_hash(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        image = store.keep(fetched())
        sha256 = hashlib.sha256(JPEG).hexdigest()
        assert image.file == f"images/{sha256[:2]}/{sha256}.jpg"
        assert (tmp_path / image.file).read_bytes() == JPEG
        assert store.find("http://a/1") == image
        assert store.find("http://a/2") is None


def test_a_store_opened_again_remembers(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        kept = [store.keep(fetched(f"http://a/{i}", JPEG + b"%d" % i)) for i in range(5)]
    with opened(tmp_path) as store:
        assert [store.find(f"http://a/{i}") for i in range(5)] == kept


def test_an_empty_body_and_a_body_that_is_no_image_are_kept_without_extension(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for url, body in (("http://a/empty", b""), ("http://a/page", b"<html>")):
            image = store.keep(fetched(url, body))
            assert Path(image.file).suffix == ""
            assert store.find(url) == image


def test_two_addresses_of_the_same_bytes_share_a_file(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.keep(fetched("http://a/1")).file == store.keep(fetched("http://a/2")).file
    assert len([path for path in (tmp_path / "images").rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("harm", ["missing", "short", "zeros"])
def test_an_image_whose_file_is_no_longer_whole_is_not_found_and_can_be_kept_again(
    tmp_path: Path, harm: str
) -> None:
    with opened(tmp_path) as store:
        path = tmp_path / store.keep(fetched()).file
        path.unlink()
        if harm == "short":
            path.write_bytes(JPEG[:3])
    if harm == "zeros":
        path.write_bytes(bytes(len(JPEG)))
    with opened(tmp_path) as store:
        assert store.find("http://a/1") is None
        store.keep(fetched())
        assert store.find("http://a/1") is not None
        assert path.read_bytes() == JPEG
        assert store.troubles == {"files missing" if harm == "missing" else "files damaged": 1}


def test_pipes_in_a_store_hold_nothing_up(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        images = [store.keep(fetched(f"http://a/{body!r}", body)) for body in (b"one", b"two")]
    place = tmp_path / images[0].file
    place.unlink()
    os.mkfifo(place)
    with opened(tmp_path) as store:
        store.pack(10_000)
        assert [store.find(image.url) is None for image in images] == [True, False]
    os.mkfifo(tmp_path / ".session")
    with pytest.raises(UserError, match=r"\.session is not a plain file: move it away"):
        opened(tmp_path)


def test_an_image_that_was_verified_is_not_read_again_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "store") as store:
        path = tmp_path / "store" / store.keep(fetched()).file
    with monkeypatch.context() as patched:
        patched.setattr("fashion_pggan.storage.hashes.FINE_YOUNG_NS", 0)
        with opened(tmp_path / "store") as store:
            image = store.find("http://a/1")
        with opened(tmp_path / "store") as store:
            patched.setattr("fashion_pggan.storage.hashes.sha256_of", lambda path: "not read")
            assert store.find("http://a/1") == image
    times = path.stat()
    path.write_bytes(bytes(len(JPEG)))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with opened(tmp_path / "store") as store:
        assert store.find("http://a/1") is None


def test_what_no_record_names_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        named = tmp_path / store.keep(fetched()).file
        nameless = named.with_name(hashlib.sha256(b"whose?").hexdigest() + ".jpg")
        nameless.write_bytes(b"whose?")
        mine = [named.with_name("0" * 64 + ".doc"), named.with_name("notes.txt")]
        for path in mine:
            path.write_text("mine")
        assert store.remove_nameless() == 1
    assert sorted(named.parent.iterdir()) == sorted([named, *mine])


@settings(max_examples=30)
@given(st.data())
def test_a_log_torn_anywhere_loses_its_last_line_alone_and_heals(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("store")
    store = opened(folder)
    for i in range(3):
        store.keep(fetched(f"http://a/{i}", JPEG + b"%d" % i))
    abandon(store)
    whole = store.log_file.read_bytes()
    lines = whole.splitlines(keepends=True)
    cut = data.draw(st.integers(len(lines[0] + lines[1]), len(whole)))
    store.log_file.write_bytes(whole[:cut])
    with opened(folder) as torn:
        found = [torn.find(f"http://a/{i}") is not None for i in range(3)]
        assert found == [True, True, cut >= len(whole) - 1]
        torn.keep(fetched("http://a/2", JPEG + b"2"))
    assert sorted(images_of(folder)) == [f"http://a/{i}" for i in range(3)]
    assert store.log_file.read_bytes() == b""


def test_a_crawl_killed_between_file_and_line_has_no_line_and_fetches_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def kill(*arguments: object) -> None:
        raise KilledError

    with opened(tmp_path) as store, monkeypatch.context() as patched:
        patched.setattr("crawler.store.store.append", kill)
        with pytest.raises(KilledError):
            store.keep(fetched())
    with opened(tmp_path) as store:
        assert store.find("http://a/1") is None
        store.keep(fetched())
        assert store.find("http://a/1") is not None


def test_what_a_killed_crawl_was_writing_is_removed(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        path = tmp_path / store.keep(fetched()).file
    names = (".plan-0123456789abcdef.jsonl.0123abcd", ".notes.0123abcd")
    left = [path.with_name(f".{path.name}.abcdef"), *(tmp_path / name for name in names)]
    for left_over in left:
        left_over.write_bytes(b"half")
    with opened(tmp_path) as store:
        assert store.find("http://a/1") is not None
    assert [left_over.exists() for left_over in left] == [False, False, True]


def test_closing_a_store_moves_its_log_into_a_table_of_the_newest_rows(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for body in (b"old", b"new!"):
            store.keep(fetched(body=body))
        assert len(store.log_file.read_bytes().splitlines()) == 2
    assert store.log_file.read_bytes() == b""
    assert parquet.read_table(tmp_path / "fetched.parquet").column("size").to_pylist() == [4]


def test_a_crash_between_table_and_log_leaves_both_which_say_the_same(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.keep(fetched())
    line = store.log_file.read_bytes()
    abandon(store)
    store.compact()
    store.log_file.write_bytes(line)
    assert len(images_of(tmp_path)) == 1


def test_after_the_machines_end_the_log_is_checked_against_the_bytes(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for i in range(2):
        store.keep(fetched(f"http://a/{i}", JPEG + b"%d" % i))
    abandon(store)
    harmed = tmp_path / store.images["http://a/1"].file
    harmed.write_bytes(bytes(harmed.stat().st_size))
    abandon(opened(tmp_path))  # killed while the machine ran
    store.session_file.write_text("another run of the machine")
    with opened(tmp_path) as after:
        assert list(after.images) == ["http://a/0"]
    assert not harmed.exists()


def test_a_line_of_a_later_version_with_more_fields_is_read(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.keep(fetched())
    abandon(store)
    values, _ = values_of(store.log_file.read_bytes())
    store.log_file.write_bytes(line_of({**(values or {}), "later": "x"}))
    with opened(tmp_path) as again:
        assert again.find("http://a/1") is not None


def test_a_line_that_the_disk_does_not_take_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    with opened(tmp_path) as store:
        store.keep(fetched("http://a/1"))
        before = store.log_file.read_bytes()

        def fill_up(handle: int, data: bytes) -> int:
            if len(data) < 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(handle, data[:-10])

        with monkeypatch.context() as patched:
            patched.setattr(store_module.os, "write", fill_up)
            with pytest.raises(OSError, match="No space left"):
                store.keep(fetched("http://a/2"))
        assert store.log_file.read_bytes() == before
        assert store.find("http://a/2") is None


@pytest.mark.parametrize(
    ("body", "extension"),
    [
        (JPEG, ".jpg"),
        (b"\x89PNG\r\n\x1a\n....", ".png"),
        (b"GIF89a....", ".gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", ".webp"),
        (b"\x00\x00\x00\x20ftypavif", ".avif"),
        (b"II*\x00", ".tif"),
        (b"<svg", ""),
        (b"", ""),
        (b"\xff\xd8", ""),
    ],
)
def test_the_extension_follows_the_first_bytes(body: bytes, extension: str) -> None:
    assert extension_of(body) == extension
