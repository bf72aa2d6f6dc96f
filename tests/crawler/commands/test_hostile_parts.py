"""What a part's files say is not trusted: links, pipes, other bytes, strange answers."""

import json
import os
from pathlib import Path

import pytest

from crawler.commands.merge import merge
from crawler.store.recorded import LOG, TABLE
from crawler.store.store import Store
from crawler.store.stored import Fetched, StoredImage
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError

JPEG = b"\xff\xd8\xff\xe0 an image"
THESIS = b"years of work"


def into_log(folder: Path, bad: StoredImage) -> None:
    (folder / LOG).write_text(json.dumps(bad.model_dump()) + "\n")


@pytest.fixture
def part(tmp_path: Path) -> StoredImage:
    """The record of an image in tmp_path/part, whose bytes the store in tmp_path/joined has lost."""
    places = [tmp_path / name for name in ("part", "joined")]
    images = [keep(folder, "http://a/good", JPEG) for folder in places]
    (tmp_path / "joined" / images[1].file).unlink()
    return images[0]


def keep(folder: Path, url: str, body: bytes) -> StoredImage:
    with Store(folder, Tombstones(folder / "none")) as store:
        image = store.keep(Fetched(url, body, "image/jpeg", "2026-11-23T00:00:00+00:00"))
    assert image is not None
    return image


def merged(tmp_path: Path) -> dict[str, int]:
    return dict(merge([tmp_path / "part"], tmp_path / "joined", Tombstones(tmp_path / "none")))


def test_bytes_that_are_not_those_of_the_record_are_not_taken(tmp_path: Path, part: StoredImage) -> None:
    (tmp_path / "part" / part.file).write_bytes(JPEG[::-1])
    assert merged(tmp_path) == {"damaged": 1}
    assert not (tmp_path / "joined" / part.file).exists()


def test_a_good_file_mends_what_is_damaged_here(tmp_path: Path, part: StoredImage) -> None:
    here = tmp_path / "joined" / part.file
    here.write_bytes(bytes(len(JPEG)))
    assert merged(tmp_path) == {"images new": 1}
    assert here.read_bytes() == JPEG
    assert merged(tmp_path) == {"there before": 1}


def test_a_record_of_other_bytes_overwrites_no_file_that_is_stored(tmp_path: Path) -> None:
    good = keep(tmp_path / "joined", "http://a/good", JPEG)
    bad = keep(tmp_path / "part", "http://evil/1", THESIS)
    (tmp_path / "part" / good.file).parent.mkdir(exist_ok=True)
    (tmp_path / "part" / good.file).write_bytes(THESIS)
    into_log(tmp_path / "part", bad.model_copy(update={"file": good.file}))
    with pytest.raises(UserError, match="not named by its SHA-256: remove that record"):
        merged(tmp_path)
    into_log(tmp_path / "part", good.model_copy(update={"url": "http://evil/1", "size": 99}))
    assert merged(tmp_path) == {"damaged": 1}  # it names bytes that are here, of another size
    assert (tmp_path / "joined" / good.file).read_bytes() == JPEG


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_plain_file_is_not_opened(tmp_path: Path, part: StoredImage, kind: str) -> None:
    place = tmp_path / "part" / part.file
    place.rename(place.with_suffix(".png"))
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(place.with_suffix(".png"))
    assert merged(tmp_path) == {"without file": 1}


@pytest.mark.parametrize("name", [LOG, TABLE, "plan-1.jsonl"])
def test_a_pipe_in_place_of_records_is_refused_and_not_read(
    tmp_path: Path, part: StoredImage, name: str
) -> None:
    (tmp_path / "part" / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / "part" / name)
    with pytest.raises(UserError, match=f"{name} is not a plain file: move it away"):
        merged(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        '{"call": 1}',
        '{"call": ["q", NaN, 100, "sim", "all"]}',
        '{"call": ["q", 1, 100, "sim", "all"], "total": 1, "returned": 1, "results": [[1, "t"]]}',
        '{"call": ["q", 1, 100, "sim", "all"], "total": 1, "returned": 1, "results": {"a": 1}}',
        '{"call": ["q", 1, 100, "sim", "all"], "total": 1e999, "returned": 1, "results": []}',
        '{"lost": 7, "reason": "x", "limits": ""}',
        '{"lost": "http://a/1", "reason": {}}',
        '{"crawl": ["x"]}',
        "[" * 100_000,
        '{"call": ' + "[" * 100_000,
        "\x00" * 5000,
    ],
)
def test_strange_answers_are_left_out_and_counted(tmp_path: Path, part: StoredImage, line: str) -> None:
    good = '{"call": ["q", 1, 100, "sim", "all"], "total": 0, "returned": 0, "results": []}'
    (tmp_path / "part/plan-1.jsonl").write_text(f"{line}\n{good}\n")
    assert merged(tmp_path) == {"images new": 1, "plans": 1, "answers damaged": 1}
    assert '"call": ["q", 1, 100, "sim", "all"]' in (tmp_path / "joined/plan-1.jsonl").read_text()


def test_an_address_that_cannot_be_parsed_is_compared_with_no_host(tmp_path: Path, part: StoredImage) -> None:
    into_log(tmp_path / "part", part.model_copy(update={"url": "http://[", "final_url": "http://["}))
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    tombstones.add("host", ["example.org"])
    assert merge([tmp_path / "part"], tmp_path / "joined", tombstones)["images new"] == 2


def test_the_records_of_a_part_that_are_damaged_are_counted(tmp_path: Path, part: StoredImage) -> None:
    (tmp_path / "part" / LOG).write_bytes(b"half a line\n\xff\n")
    assert merged(tmp_path) == {"images new": 1, "records damaged": 2}
