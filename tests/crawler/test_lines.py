import json
import os
from pathlib import Path

import pytest

from crawler.lines import line_of, lines_of, values_of
from fashion_pggan.errors import UserError

VALUES = {"title": "셔츠 \ud800", "rank": 1, "inner": [{"a": None}, "}"]}


def test_a_line_is_json_and_gives_back_its_values() -> None:
    line = line_of(VALUES)
    assert line.endswith(b"\n")
    assert json.loads(line.decode(errors="surrogatepass")).items() > VALUES.items()
    assert values_of(line) == (VALUES, True)
    assert values_of(line.replace(b"\n", b"\r\n")) == (VALUES, True)  # as git may write it


def test_every_changed_bit_is_noticed() -> None:
    line = line_of(VALUES)
    for bit in range(8 * len(line)):
        harmed = bytearray(line)
        harmed[bit // 8] ^= 1 << bit % 8
        values, _ = values_of(bytes(harmed))
        assert values in (None, VALUES)  # its break may be another blank
        assert values is None or bit // 8 == len(line) - 1


def test_a_line_cut_anywhere_is_noticed() -> None:
    line = line_of(VALUES)
    assert all(values_of(line[:cut])[0] is None for cut in range(len(line) - 1))


def test_a_line_without_a_checksum_is_read_and_is_not_confirmed() -> None:
    assert values_of(b'{"a": 1}\n') == ({"a": 1}, False)


@pytest.mark.parametrize(
    "data", [b"\xff{}", b"[" * 100_000, b'{"a": NaN}', b"[1]", b"\0" * 4096, b'{"crc32": "x", "a": 1}']
)
def test_what_is_no_line_is_damaged_and_raises_nothing(data: bytes) -> None:
    assert values_of(data) == (None, False)


def test_damage_takes_no_other_line_with_it(tmp_path: Path) -> None:
    lines = [line_of({"n": n}) for n in range(4)]
    lines[1] = b"\0" * (len(lines[1]) - 1) + b"\n"
    (tmp_path / "f").write_bytes(b"\n".join(lines))
    found = list(lines_of(tmp_path / "f"))
    assert [line.values for line in found] == [{"n": 0}, None, {"n": 2}, {"n": 3}]
    assert [line.number for line in found] == [1, 3, 5, 7]
    data = (tmp_path / "f").read_bytes()
    assert all(data[line.start :].startswith(line.data) for line in found)


def test_a_pipe_is_refused_and_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe is not a plain file: move it away"):
        list(lines_of(tmp_path / "pipe"))
    assert list(lines_of(tmp_path / "none")) == []
