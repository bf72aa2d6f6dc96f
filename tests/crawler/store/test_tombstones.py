"""A damaged file of tombstones lets nothing come back."""

import json
from pathlib import Path

import pytest

from crawler.store.marks import digest_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError

VALUES = {"sha256": ["a" * 64, "b" * 64], "host": ["example.org"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    tombstones.add("sha256", VALUES["sha256"])
    tombstones.add("host", VALUES["host"])
    return tombstones.file


def forbids_all(file: Path) -> bool:
    """Whether all tombstones are there; an error forbids everything."""
    try:
        found = Tombstones(file).of
    except UserError as error:
        return "\n" not in str(error)
    return all(found[kind] >= set(values) for kind, values in VALUES.items())


def test_a_flipped_bit_is_refused_or_changes_nothing(file: Path) -> None:
    whole = file.read_bytes()
    for bit in range(8 * len(whole)):
        harmed = bytearray(whole)
        harmed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(harmed)
        assert forbids_all(file)


def test_a_file_cut_anywhere_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for cut in range(len(whole) - 1):
        file.write_bytes(whole[:cut])
        with pytest.raises(UserError):
            Tombstones(file)


def test_a_line_that_is_gone_is_missed_and_may_be_taken_out_on_purpose(file: Path) -> None:
    first, *lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([first, *lines[1:]]))
    with pytest.raises(UserError, match=r"holds 2 of 3 tombstones: restore it \(git checkout .*write 2 into"):
        Tombstones(file)
    file.write_text("".join([first.replace("3", "2"), *lines[1:]]))
    assert Tombstones(file).of["sha256"] == {"b" * 64}


def test_two_branches_joined_line_by_line_are_read(file: Path, tmp_path: Path) -> None:
    other = Tombstones(tmp_path / "other.jsonl")
    other.add("sha256", ["b" * 64, "c" * 64])
    file.write_text(file.read_text() + other.file.read_text())
    assert Tombstones(file).of["sha256"] == {digit * 64 for digit in "abc"}


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\n", b"\0" * 100, b"[" * 100_000, b'{"kind": "mac", "value": "x"}\n']
)
def test_a_line_that_is_none_is_refused_with_its_number(file: Path, data: bytes) -> None:
    file.write_bytes(file.read_bytes() + data)
    with pytest.raises(UserError, match=r"tombstones.jsonl, line 5, is not a tombstone \("):
        Tombstones(file)


def test_lines_of_early_versions_are_read(tmp_path: Path) -> None:
    lines: list[dict[str, str]] = [{"about": "x"}, {"kind": "url", "value": "d" * 64, "when": "2026"}]
    (tmp_path / "t").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Tombstones(tmp_path / "t").of["url"] == {"d" * 64}


def test_a_tombstone_holds_for_every_signature(tmp_path: Path) -> None:
    url = "https://a.example/1.jpg"
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    tombstones.add("url", [digest_of(url)])
    assert tombstones.forbid(url)
    assert tombstones.forbid(f"{url}?expires=1764264000&token=a")
    assert not tombstones.forbid(f"{url}?v=2")
