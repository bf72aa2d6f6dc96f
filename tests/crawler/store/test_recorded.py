"""Damaged records: what can be read is kept, nothing is read wrong."""

import json
import random
from pathlib import Path

import pytest

from crawler.lines import line_of
from crawler.store.recorded import LOG, ROWS, TABLE, read_recorded, write_table
from crawler.store.stored import StoredImage
from fashion_pggan.errors import UserError

COUNT = 80


def image(number: int) -> StoredImage:
    sha256 = f"{number:064x}"
    return StoredImage(
        url=f"http://a/{number}",
        sha256=sha256,
        file=f"images/{sha256[:2]}/{sha256}.jpg",
        size=number,
        content_type="image/jpeg",
        crawled_at="2026-11-23T00:00:00+00:00",
    )


IMAGES = {one.url: one for one in map(image, range(COUNT))}


@pytest.fixture(params=[LOG, TABLE])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The log, or the table, of a store."""
    if request.param == TABLE:
        write_table(tmp_path, IMAGES.values())
    else:
        (tmp_path / LOG).write_bytes(b"".join(line_of(one.model_dump()) for one in IMAGES.values()))
    path: Path = tmp_path / request.param
    return path


def test_whole_records_are_read(file: Path) -> None:
    assert read_recorded(file.parent)[0::2] == (IMAGES, False)


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_loses_few_records_and_changes_none(file: Path, seed: int) -> None:
    data = bytearray(file.read_bytes())
    bit = random.Random(seed).randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)
    found = read_recorded(file.parent)
    assert found.images.items() <= IMAGES.items()
    assert found.lost or found.images == IMAGES
    assert len(found.images) >= COUNT - ROWS[0]


@pytest.mark.parametrize("seed", range(10))
def test_zeros_in_the_middle_lose_what_they_cover(file: Path, seed: int) -> None:
    data = bytearray(file.read_bytes())
    start = random.Random(seed).randrange(len(data) // 2)
    data[start : start + 300] = bytes(300)
    file.write_bytes(data)
    found = read_recorded(file.parent)
    assert found.images.items() <= IMAGES.items()
    assert found.lost
    assert len(found.images) >= COUNT // 2


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
def test_a_cut_file_is_read_up_to_the_cut(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    found = read_recorded(file.parent)
    assert found.images.items() <= IMAGES.items()
    if file.name == LOG:
        assert len(found.images) >= int(share * COUNT) - 1


def test_lines_that_stand_twice_count_once(tmp_path: Path) -> None:
    line = line_of(image(1).model_dump())
    (tmp_path / LOG).write_bytes(line * 3)
    assert read_recorded(tmp_path)[0::2] == ({"http://a/1": image(1)}, False)


def test_a_record_of_a_later_version_stops_everything_and_is_not_dropped(tmp_path: Path) -> None:
    line = line_of(image(1).model_dump() | {"url": "gopher://a/1"})
    (tmp_path / LOG).write_bytes(line)
    with pytest.raises(
        UserError, match=r"fetched.jsonl, line 1, is unknown to this version: install a newer fashion-pggan"
    ):
        read_recorded(tmp_path)


@pytest.mark.parametrize(
    "harm",
    [
        {"sha256": "12"},
        {"sha256": "A" * 64},
        {"size": -1},
        {"size": 2**60},
        {"size": 1.5},
        {"url": "file:///etc/passwd"},
        {"url": "http://a/\n1"},
        {"url": "http://a/" + 40_000 * "x"},
        {"content_type": 300_000 * "x"},
        {"status": 7},
        {"attempts": None},
        {"crawled_at": 50 * "x"},
    ],
)
def test_a_record_of_strange_values_is_left_out_and_counted(tmp_path: Path, harm: dict[str, object]) -> None:

    lines = [json.dumps(image(1).model_dump() | harm), json.dumps(image(2).model_dump())]
    (tmp_path / LOG).write_text("\n".join(lines) + "\n")
    found = read_recorded(tmp_path)
    assert (list(found.images), found.lost) == (["http://a/2"], 1)


def test_a_record_that_names_the_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOG).write_bytes(line_of(image(1).model_dump() | {"file": image(2).file}))
    with pytest.raises(UserError, match=r"not named by its SHA-256: remove that record"):
        read_recorded(tmp_path)
