"""`python -m benchmarks.crawling.raw_shards`: DVC's time for raw images in tar shards and in single files."""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fashion_pggan.command.edge import run_command
from fashion_pggan.storage.files import hold_once
from fashion_pggan.storage.packed.tar_shards import Named, write_shards

STAGE = """stages:
  crawl:
    cmd: cp -rl made data/raw
    outs: [data/raw]
"""
COLUMNS = (
    "crawl and commit",
    "status",
    "nothing to do",
    "push",
    "again with 1 % more",
    "push of that",
    "checkout",
)
SIZES = ("data", "DVC's cache", "remote", "store, output and cache", "the same, shared")


def main() -> None:
    """Print a table: seconds by the clock, and of all processes' CPU, for each form."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawling.raw_shards", description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--bytes", type=int, default=23_000, help="of one image, on average")
    parser.add_argument("--shard-mb", type=float, default=64.0)
    parser.add_argument("--forms", nargs="+", choices=list(FORMS), default=list(FORMS))
    parser.add_argument("--folder", type=Path, help="on the disk to measure; empty: that of temporary files")
    given = parser.parse_args()
    columns = ["form", *(f"{name}, s (CPU)" for name in COLUMNS), *(f"{name}, MB" for name in SIZES)]
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for form in given.forms:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            cells = " | ".join(_costs(Path(folder), FORMS[form], given))
        print(f"| {form} | {cells} |", flush=True)


def _costs(folder: Path, form: Callable[..., None], given: argparse.Namespace) -> Iterator[str]:
    made, most, more = folder / "made", int(given.shard_mb * 1e6), max(given.images // 100, 1)
    form(made, _images(0, given.images, given.bytes), most)
    (folder / "data").mkdir()
    (folder / "dvc.yaml").write_text(STAGE)
    (folder / ".dvc").mkdir()
    (folder / ".dvc/config").write_text(
        '[core]\nanalytics = false\nno_scm = true\nremote = there\n[cache]\ntype = "reflink,copy"\n'
        f"['remote \"there\"']\nurl = {folder / 'remote'}\nverify = true\n"
    )
    os.sync()
    yield _timed(folder, "repro")
    yield _timed(folder, "status")
    yield _timed(folder, "repro")
    yield _timed(folder, "push", "--run-cache")
    form(made, _images(given.images, more, given.bytes), most)
    yield _timed(folder, "repro", "--force")
    yield _timed(folder, "push", "--run-cache")
    subprocess.run(["rm", "-r", "data/raw"], cwd=folder, check=True)
    yield _timed(folder, "checkout")
    remote = _size(folder / "remote")
    yield from (f"{_size(made):.0f}", f"{_size(folder / '.dvc/cache'):.0f}", f"{remote:.0f}")
    yield f"{_size(folder) - remote:.0f}"
    for path in filter(Path.is_file, made.rglob("*")):  # as `fashion-pggan crawl share` does
        hold_once(folder / "data/raw" / path.relative_to(made), path)
    subprocess.run([sys.executable, "-m", "dvc", "status", "--quiet"], cwd=folder, check=True)
    yield f"{_size(folder) - remote:.0f}"


def _images(first: int, count: int, size: int) -> Iterator[Named]:
    """Images of bytes that no disk compresses, of half to one and a half times the size."""
    for number in range(first, first + count):
        data = os.urandom(size // 2 + number * 7919 % size)
        yield Named(f"{hashlib.sha256(data).hexdigest()}.jpg", data)


def _as_shards(folder: Path, images: Iterator[Named], most: int) -> None:
    write_shards(folder, images, most)


def _as_files(folder: Path, images: Iterator[Named], most: int) -> None:
    for name, data in images:
        path = folder / "images" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


FORMS = {"tar shards": _as_shards, "a file per image": _as_files}


def _timed(folder: Path, *words: str) -> str:
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "dvc", *words, "--quiet"], cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.perf_counter() - begin:.1f} ({cpu:.1f})"


def _size(folder: Path) -> float:
    """Megabytes that the files of a folder take on the disk; hard links count once."""
    blocks = {status.st_ino: status.st_blocks for status in map(Path.lstat, folder.rglob("*"))}
    return sum(blocks.values()) * 512 / 1e6


if __name__ == "__main__":
    run_command(main)
