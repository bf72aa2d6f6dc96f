"""The crawl as a command: exit status, one-line errors, signals."""

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from crawler.store.image_files import ImageFiles
from crawler.store.stored import StoredImage
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.kept import bytes_of

REPOSITORY = Path(__file__).resolve().parents[2]
CONCURRENCY = 8  # of params_file
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def arguments(tmp_path: Path, params_file: Callable[..., Path]) -> Callable[..., list[str]]:
    """The arguments of a crawl into tmp_path/raw with the store tmp_path/store."""

    def of(target: str = "raw", **changes: object) -> list[str]:
        options = {"params": params_file(**changes), "report": tmp_path / "crawl.json"}
        options |= {"store": tmp_path / "store", "tombstones": tmp_path / "tombstones.jsonl"}
        return [
            str(tmp_path / target),
            *(part for name, place in options.items() for part in (f"--{name}", str(place))),
        ]

    return of


@pytest.fixture
def start(arguments: Callable[..., list[str]]) -> Start:
    """Starts `python -m crawler` on tmp_path/raw and tmp_path/store in a process of its own."""

    def run(**changes: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "crawler", *arguments(**changes)]
        return subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)

    return run


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def slowly(shop: Any, count: int) -> None:
    shop.images = {f"/p/{i}.jpg": b"\xff\xd8\xff%d" % i for i in range(count)}
    shop.delay_s = 0.05


def wait_for(shop: Any, images: int) -> None:
    until = time.monotonic() + 30
    while shop.fetched().total() < images:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_crawl_ends_with_its_figures_in_one_line(shop: Any, start: Start, tmp_path: Path) -> None:
    status, errors = end(start())
    assert status == 0
    assert errors.splitlines()[-1] == "30 images of 30 found: 30 fetched, 0 in the store before, none failed"
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


@pytest.mark.parametrize(
    ("fault", "changes", "expected", "line"),
    [
        (
            {"every_search": (500, "no")},
            {"retries": 0},
            75,
            "error: the search API fails (500 no): run again later",
        ),
        ({"images": {}}, {}, 1, "error: the search found no images for 셔츠: choose other crawl.queries"),
        (
            {},
            {"retires": 2},
            1,
            "error: {tmp}/params.yaml: crawl.retires is not a parameter: did you mean crawl.retries?",
        ),
    ],
)
def test_an_error_is_one_line_and_a_status_that_says_whether_it_may_pass(
    shop: Any,
    command: Callable[..., Any],
    arguments: Callable[..., list[str]],
    tmp_path: Path,
    fault: dict[str, Any],
    changes: dict[str, Any],
    expected: int,
    line: str,
) -> None:
    vars(shop).update(fault)
    status, _, errors = command(*arguments(**changes))
    assert status == expected
    last = errors.splitlines()[-1]
    assert last.startswith(line.format(tmp=tmp_path))
    assert "Traceback" not in errors
    others = ("crawl: ", f"{tmp_path}/store/failed.csv names what failed")
    assert len([text for text in errors.splitlines() if not text.startswith(others)]) == 1
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_crawl_and_the_next_one_goes_on(
    shop: Any, start: Start, crawl: Callable[..., Any], tmp_path: Path, number: int, expected: int
) -> None:
    slowly(shop, 90)
    process = start()
    wait_for(shop, 20)
    process.send_signal(number)
    status, errors = end(process)
    assert status == expected
    assert "Traceback" not in errors
    assert "Error" not in errors
    assert not (tmp_path / "raw").exists()
    before = shop.fetched()
    crawl()
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 90
    twice = [path for path, count in shop.fetched().items() if count > 1]
    assert before.total() < 90
    assert len(twice) <= CONCURRENCY


@pytest.mark.slow
def test_a_crawl_killed_again_and_again_ends_with_the_same_set_and_fetches_nothing_twice(
    shop: Any, start: Start, tmp_path: Path
) -> None:
    slowly(shop, 200)
    kills = (10, 60, 61, 120, 190)
    for images in kills:
        process = start()
        wait_for(shop, images)
        process.kill()
        end(process)
    assert not (tmp_path / "raw").exists()
    assert end(start())[0] == 0
    records = read_records(tmp_path / "raw/records.parquet", RawImage)
    assert [record.url for record in records] == [shop.address + path for path in shop.images]
    for record, body in zip(records, shop.images.values(), strict=True):
        assert bytes_of(tmp_path / "raw", record) == body
    lost = 2 * CONCURRENCY  # per kill: on their way, or being written
    assert sum(count - 1 for count in shop.fetched().values()) <= lost * len(kills)


def test_a_full_disk_is_one_line_and_status_1(
    shop: Any,
    command: Callable[..., Any],
    arguments: Callable[..., list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: ImageFiles, image: StoredImage, data: bytes) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device", image.file)

    with monkeypatch.context() as patched:
        patched.setattr(ImageFiles, "write", refuse)
        status, _, errors = command(*arguments())
    assert status == 1
    assert errors.splitlines()[-1].startswith("error: cannot write: No space left on device (")
    assert "Traceback" not in errors
    assert command(*arguments()).status == 0
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


def test_a_crawl_that_ends_early_says_what_it_has_and_what_is_left(
    shop: Any, command: Callable[..., Any], arguments: Callable[..., list[str]]
) -> None:
    slowly(shop, 250)
    shop.delay_s, shop.quota_after = 0.0, 2
    status, _, errors = command(*arguments())
    assert status == 75
    assert "fetched now    200, " in errors
    assert "a further run  makes about 1 search call" in errors
    assert errors.splitlines()[-1].startswith("error: the daily quota of search calls is used up")


def test_a_target_that_cannot_be_made_is_one_line_before_anything_is_asked(
    shop: Any, tmp_path: Path, command: Callable[..., Any], arguments: Callable[..., list[str]]
) -> None:
    (tmp_path / "file").write_text("")
    status, _, errors = command(*arguments("file/raw"))
    assert (status, errors.count("\n")) == (1, 1)
    assert errors.startswith("error: cannot make the folder ")
    assert not shop.requests


def test_a_dry_run_needs_no_target_and_its_reader_may_leave(params_file: Callable[..., Path]) -> None:
    command = f"{sys.executable} -m crawler --dry-run --params {params_file()} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("provider  demo")
    assert done.stderr == ""
