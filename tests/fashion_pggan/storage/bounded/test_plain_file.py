"""Plain files up to a limit: nothing else is opened, and no size is believed."""

import os
import tracemalloc

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import (
    lines_in,
    open_plain,
    read_bytes,
    read_text,
    text_lines_in,
)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to a device"])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "odd"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="odd is not a plain file: move it away"):
        open_plain(path)


def test_a_link_to_a_plain_file_is_read(tmp_path):
    (tmp_path / "here").write_text("티셔츠")
    (tmp_path / "link").symlink_to("here")
    assert read_text(tmp_path / "link") == "티셔츠"


def test_a_file_up_to_the_limit_is_read_and_a_larger_one_is_not(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345678")
    assert read_bytes(path, 8) == b"12345678"
    with pytest.raises(UserError, match="file holds more than 7 bytes, too much for such a file"):
        read_bytes(path, 7)


def test_a_file_of_forty_gigabytes_costs_no_memory(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(40 << 30)
    tracemalloc.start()
    with pytest.raises(UserError, match=r"sparse holds more than 67.1 MB"):
        read_text(path)
    with pytest.raises(UserError, match=r"sparse, line 1, is longer than 1.0 KB"):
        list(lines_in(path, 1024))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_file_that_says_it_is_empty_is_read_up_to_the_limit(tmp_path):
    path = tmp_path / "link"
    path.symlink_to("/proc/self/maps")  # the system says 0 bytes
    assert read_bytes(path, 1 << 20)
    with pytest.raises(UserError, match="holds more than 10 bytes"):
        read_bytes(path, 10)


def test_lines_are_those_of_the_file(tmp_path):
    (tmp_path / "file").write_bytes(b"one\n\ntwo\r\nfive")
    assert list(lines_in(tmp_path / "file", 5)) == [b"one\n", b"\n", b"two\r\n", b"five"]
    with pytest.raises(UserError, match="line 3, is longer than 4 bytes"):
        list(lines_in(tmp_path / "file", 4))


def test_lines_of_text_are_those_that_csv_wants(tmp_path):
    (tmp_path / "file").write_bytes("\ufeffurl\r\n티셔츠\rthree".encode())
    assert list(text_lines_in(tmp_path / "file", 6)) == ["url\r\n", "티셔츠\r", "three"]
    with pytest.raises(UserError, match="line 1, is longer than 3 bytes"):
        list(text_lines_in(tmp_path / "file", 3))
