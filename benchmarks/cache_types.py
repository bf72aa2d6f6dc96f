"""`python -m benchmarks.cache_types`: what DVC's ways of linking its cache cost, in time and on disk."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from fashion_pggan.command.edge import run_command

TYPES = ("hardlink", "copy", "reflink,copy")
STAGE = """stages:
  crawl:
    cmd: cp -rl runs data/raw
    outs: [data/raw]
"""


def main() -> None:
    """Print a table: each way takes its turn in a separate repository."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cache_types", description=__doc__)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--bytes", type=int, default=120_000, help="of one image")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, help="on the disk to measure; empty: the one for temporary files"
    )
    given = parser.parse_args()
    taken: dict[str, list[list[float]]] = {kind: [] for kind in TYPES}
    for _ in range(given.turns):
        for kind in TYPES:
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                taken[kind].append(list(_costs(Path(folder), kind, given.images, given.bytes)))
    print("| cache.type | crawl into the cache, s | nothing to do, s | checkout, s | on disk, MB |")
    print("|---|---|---|---|---|")
    for kind, turns in taken.items():
        middle = (median(column) for column in zip(*turns, strict=True))
        print(f"| {kind} | " + " | ".join(f"{value:.1f}" for value in middle) + " |")


def _costs(folder: Path, kind: str, images: int, size: int) -> Iterator[float]:
    for number in range(images):
        path = folder / f"runs/{number % 256:02x}/{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    (folder / "data").mkdir()
    (folder / "dvc.yaml").write_text(STAGE)
    (folder / ".dvc").mkdir()
    (folder / ".dvc/config").write_text(
        f'[core]\nanalytics = false\nno_scm = true\n[cache]\ntype = "{kind}"\n'
    )
    os.sync()
    yield _timed(folder, "repro")
    yield _timed(folder, "repro")
    shutil.rmtree(folder / "data/raw")
    yield _timed(folder, "checkout")
    blocks = {status.st_ino: status.st_blocks for status in map(Path.lstat, folder.rglob("*"))}
    yield sum(blocks.values()) * 512 / 1e6


def _timed(folder: Path, *words: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dvc", *words, "--quiet"], cwd=folder, check=True)
    return time.perf_counter() - begin


if __name__ == "__main__":
    run_command(main)
