"""A single file is replaced only if this program wrote it."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import write_grid
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.outputs import WRITTEN_BY, check_output
from fashion_pggan.storage.proof.folder_mark import MARK
from fashion_pggan.storage.records import RawImage, write_records

NAMES = ("images", "kept")


def test_what_is_missing_or_empty_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    (tmp_path / "link.json").symlink_to("nowhere")
    for name in ("missing.json", "empty.json", "link.json", "new/folder/report.json"):
        check_output(tmp_path / name, NAMES)
        check_output(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("report.json", json.dumps({"images": 3, "kept": 2, "new": 1}, indent=1) + "\n"),
        ("report.csv", "images,kept,other\n1,2,3\n"),
        ("params.yaml", "# numbers\nimages: 3\nkept: {a: 1}\n"),
    ],
)
def test_a_report_is_known_by_its_names(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    check_output(tmp_path / name, NAMES)
    with pytest.raises(UserError, match=f"{name} is not a file that this command wrote: give another name"):
        check_output(tmp_path / name, (*NAMES, "more"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("thesis.txt", b"years of work"),
        ("package.json", b'{"name": "mine", "images": 1}'),
        ("other.json", b'{"images": 3, "kept": 2}'),  # as no command spells it
        ("edited.csv", b"images,kept\n1,2\nof these, I saw, three\n"),
        ("notes.md", b"It was written by fashion-pggan.\n"),
        ("notes.json", b'{"fashion_pggan": 1, "by": "written by fashion-pggan"}'),
        ("page.html", b"<!doctype html>\n<p>a page written by fashion-pggan</p>"),
        ("list.json", b'["images", "kept"]'),
        ("cut.json", b'{"images": 3, "kept'),
        ("deep.json", b'{"a":' * 100_000),
        ("table.csv", b"images;kept\n1;2\n"),
        ("list.yaml", b"- images\n- kept\n"),
        ("broken.yaml", b"images: [\n"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(200_000)),
    ],
)
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    for names in (NAMES, ()):
        with pytest.raises(UserError, match="is not a file that this command wrote"):
            check_output(tmp_path / name, names)
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.json", '{"images": 3}\n', "it lacks kept: a former version wrote it, or another program"),
        ("a.json", '{"images":3,"kept":2}', "it was edited, is damaged, or another program wrote it"),
        ("a.csv", "images\n1\n", "it lacks kept: a former version wrote it, or another program"),
    ],
)
def test_the_refusal_says_what_speaks_against_a_file(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=rf"or move it away \({why}\)"):
        check_output(tmp_path / name, NAMES)
    with pytest.raises(UserError, match=r"\(it lacks this program's mark, which early versions did not"):
        check_output(tmp_path / name)


def test_a_mark_is_found_at_either_end(tmp_path: Path) -> None:
    write_grid(tmp_path / "grid.png", np.zeros((2, 8, 8, 3), np.uint8), 2)
    film = b"\0\0\0\x1cftypisom" + bytes(200_000) + b"\0\0\0\x1ffree" + WRITTEN_BY.encode()
    (tmp_path / "film.mp4").write_bytes(film)
    check_output(tmp_path / "grid.png")
    check_output(tmp_path / "film.mp4")


def test_a_file_that_comes_while_a_command_runs_is_not_replaced(tmp_path: Path) -> None:
    for name, names in (("report.json", NAMES), ("page.html", ())):
        check_output(tmp_path / name, names)
        (tmp_path / name).write_text("years of work")
        with pytest.raises(UserError, match=f"{name} is not a file that this command wrote"):
            write_text(tmp_path / name, "{}")
        assert (tmp_path / name).read_text() == "years of work"
    assert len([*tmp_path.iterdir()]) == 2


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(UserError, match="is not a file that this command wrote"):
            check_output(path)
    with pytest.raises(UserError, match="is a folder: give a file"):
        check_output(tmp_path)


def test_no_file_is_put_into_a_folder_that_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "models/grids").mkdir(parents=True)
    (tmp_path / "models" / MARK).write_text("{}")
    for name in ("models/report.json", "models/grids/mine.png", "models/new/mine.png"):
        with pytest.raises(UserError, match=r"lies in .*models, which is replaced as a whole: give a place"):
            check_output(tmp_path / name)


def test_no_file_is_put_into_the_outcome_of_a_crawl(tmp_path: Path) -> None:
    write_records(tmp_path / "raw/records.parquet", [], RawImage)
    with pytest.raises(UserError, match=r"lies in .*raw, which is replaced as a whole: give a place outside"):
        check_output(tmp_path / "raw/images/grid.png")
    (tmp_path / "own").mkdir()
    pq.write_table(pa.table({"file": ["a.png"]}), tmp_path / "own/records.parquet")
    check_output(tmp_path / "own/grid.png")
