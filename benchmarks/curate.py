"""`python -m benchmarks.curate --images DIR`: curation beside other ways to do the same work; at scale.

Each image mixes two images of DIR, with grain, so that none is a copy of another.
"""

import argparse
import ctypes
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import yaml
from PIL import Image

from benchmarks.memory import PeakMemory
from curate.facts.row import seen_in
from curate.facts.view import View
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

ROUNDS = 3
WORKERS = os.cpu_count() or 1
PRESET = Path("presets/photos.yaml")
PEER = """
import multiprocessing, sys, cv2
from io import BytesIO
from img2dataset.resizer import Resizer
cv2.setNumThreads(1)
resizer = Resizer(int(sys.argv[1]), "center_crop", False)
def one(path):
    with open(path, "rb") as file:
        return resizer(BytesIO(file.read()))[0]
if __name__ == "__main__":
    with multiprocessing.Pool(int(sys.argv[2])) as pool, open(sys.argv[3], "wb") as file:
        for data in pool.imap(one, sys.stdin.read().splitlines(), 8):
            file.write(data)
"""
LINE = "|---|---|---|---|---|"
ADOPT = 36  # PR_SET_CHILD_SUBREAPER of Linux: a child's children become ours when it ends
Array = npt.NDArray[np.uint8]


class Spent(NamedTuple):
    """What a way of doing the work took."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curate", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="a folder of photographs")
    parser.add_argument("--compare", type=int, default=400, help="images of the comparison; 0: none")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the images compared")
    parser.add_argument("--resolution", type=int, default=256, help="pixels")
    parser.add_argument("--img2dataset", help="a Python that has img2dataset installed")
    parser.add_argument("--count", type=int, default=0, help="images of the large run; 0: none")
    arguments = parser.parse_args()
    photographs = sorted(path for path in arguments.images.iterdir() if path.is_file())
    if not photographs:
        raise UserError(f"no images in {arguments.images}: give a folder of photographs")
    print(f"{WORKERS} processes, OpenCV {cv2.__version__}, {arguments.resolution} px")
    ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if arguments.compare:
            images = _make(scratch / "compared", photographs, range(arguments.compare), arguments.scale)
            _compare(images, arguments.resolution, scratch, arguments.img2dataset)
        if arguments.count:
            _at_scale(photographs, arguments.count, arguments.resolution, scratch)


def _make(folder: Path, photographs: Sequence[Path], numbers: range, scale: float = 1.0) -> Path:
    folder.mkdir(exist_ok=True)
    with multiprocessing.Pool(WORKERS, cv2.setNumThreads, (1,)) as pool:
        pool.map(partial(_new_image, photographs, folder, scale), numbers, 64)
    return folder


def _make_one(folder: Path, images: Path) -> Path:
    folder.mkdir()
    shutil.copy(min(images.iterdir()), folder)
    return folder


def _new_image(photographs: Sequence[Path], folder: Path, scale: float, number: int) -> None:
    random = np.random.default_rng(number)
    one, other = (cv2.imread(str(photographs[index])) for index in random.integers(len(photographs), size=2))
    assert one is not None
    assert other is not None
    size = round(one.shape[1] * scale), round(one.shape[0] * scale)
    one, other = (cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) for image in (one, other))
    share = cv2.resize(random.random((3, 3)).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)[
        ..., None
    ]
    mixed = one * share + other * (1 - share) + random.normal(0, 2, one.shape).astype(np.float32)
    path = folder / f"{number:06d}.jpg"
    cv2.imwrite(str(path), np.clip(mixed, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])


def _compare(folder: Path, resolution: int, scratch: Path, peer: str | None) -> None:
    """Print the medians of each way over several rounds."""
    paths = sorted(str(path) for path in folder.iterdir())
    ways = _ways(folder, paths, resolution, scratch, peer)
    kilobytes = statistics.mean(Path(path).stat().st_size for path in paths) / 1000
    print(f"\n{len(paths)} JPEGs of {kilobytes:.0f} KB on average; medians of {ROUNDS} rounds in turn\n")
    _print_rates(len(paths), _timed(ways))


def _ways(
    folder: Path, paths: Sequence[str], resolution: int, scratch: Path, peer: str | None
) -> dict[str, Callable[[int], object]]:
    out = scratch / "levels.bin"
    bare, bare_facts = partial(_bare, side=resolution), partial(_bare, side=resolution, facts=True)
    known = scratch / "known"
    _curate(folder, scratch, _params_at(scratch, resolution // 2), known)  # only its facts are used later
    again, everything = _params_at(scratch, resolution), _params_at(scratch, resolution, measure="all")
    one = _make_one(scratch / "one", folder)
    ways: dict[str, Callable[[int], object]] = {
        "curate, one image alone: start, descriptions": lambda turn: _curate(
            one, scratch, again, scratch / f"one{turn}"
        ),
        "curate, everything new": lambda turn: _curate(folder, scratch, again, scratch / f"new{turn}"),
        "curate, everything new, curate.measure all": lambda turn: _curate(
            folder, scratch, everything, scratch / f"all{turn}"
        ),
        "bare OpenCV loop that measures the same facts": lambda _: _pool(bare_facts, paths, out),
        "curate, facts known, another resolution": lambda turn: _curate(
            folder, scratch, again, _copy(known, scratch / f"known{turn}")
        ),
        "bare OpenCV loop: decode, crop, reduce, pyramid, write": lambda _: _pool(bare, paths, out),
        "Pillow: decode, crop, Lanczos, pyramid, write": lambda _: _pool(
            partial(_pillow, side=resolution), paths, out
        ),
    }
    if peer:
        ways["img2dataset's resizer: decode, crop, area, JPEG 95, write"] = lambda _: _img2dataset(
            peer, paths, resolution, out
        )
    return ways


def _timed(ways: Mapping[str, Callable[[int], object]]) -> dict[str, list[Spent]]:
    """What each way took, in each round."""
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, way in ways.items():
            wall, cpu = time.monotonic(), _cpu_s()
            way(turn)
            spent[name].append(Spent(_cpu_s() - cpu, time.monotonic() - wall))
    return spent


def _cpu_s() -> float:
    """Seconds of CPU of this process and of all children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _print_rates(images: int, spent: Mapping[str, list[Spent]]) -> None:
    print("| way | CPU ms an image | images/s | slowest | fastest |\n|---|---|---|---|---|")
    for name, rounds in spent.items():
        cpu = 1000 * statistics.median(each.cpu_s for each in rounds) / images
        rates = sorted(images / each.wall_s for each in rounds)
        shown = statistics.median(rates), rates[0], rates[-1]
        print(f"| {name} | {cpu:.1f} | {' | '.join(f'{rate:.0f}' for rate in shown)} |", flush=True)


def _params_at(scratch: Path, resolution: int, **changes: object) -> Path:
    """A parameters file with another curate section."""
    params = yaml.safe_load(PRESET.read_text())
    params["curate"] |= {"resolution": resolution, "min_side": 256, "shard_images": 1024, **changes}
    path = scratch / "params.yaml"
    path = path.with_stem(f"params-{len(list(scratch.glob('params-*')))}")
    path.write_text(yaml.safe_dump(params))
    return path


def _copy(folder: Path, target: Path) -> Path:
    subprocess.run(["cp", "-r", str(folder), str(target)], check=True)
    return target


def _curate(source: Path, scratch: Path, params: Path, knowledge: Path, report: Path | None = None) -> float:
    """Run the stage as a user does; its peak memory in bytes."""
    command = [sys.executable, "-m", "curate", str(source), str(scratch / "out"), "--params", str(params)]
    command += ["--knowledge", str(knowledge), "--report", str(report or scratch / "report.json")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process, PeakMemory(process.pid) as memory:
        if process.wait():
            raise UserError(f"{' '.join(command)} failed: run it by hand")
    _await_orphans()
    return memory.peak


def _await_orphans() -> None:
    """Wait for the children of children that have ended, so that their CPU time counts."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _pool(way: Callable[[str], bytes], paths: Sequence[str], out: Path) -> None:
    with multiprocessing.Pool(WORKERS, cv2.setNumThreads, (1,)) as pool, out.open("wb") as file:
        for data in pool.imap(way, paths, 8):
            file.write(data)


def _bare(path: str, side: int, *, facts: bool = False) -> bytes:
    pixels = np.asarray(cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB), np.uint8)
    if facts:
        seen_in(View(pixels), profile_ignored=False)
    square = cv2.resize(_centre(pixels), (side, side), interpolation=cv2.INTER_AREA)
    return _pyramid(np.asarray(square, np.float32))


def _pillow(path: str, side: int) -> bytes:
    with Image.open(path) as image:
        square = Image.fromarray(_centre(np.asarray(image.convert("RGB"))))
    return _pyramid(np.asarray(square.resize((side, side), Image.Resampling.LANCZOS), np.float32))


def _centre(pixels: Array) -> Array:
    height, width = pixels.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    return pixels[top : top + short, left : left + short]


def _pyramid(level: npt.NDArray[np.float32]) -> bytes:
    data = b""
    while len(level) >= 4:
        data += np.rint(level).astype(np.uint8).tobytes()
        half = len(level) // 2
        level = np.asarray(cv2.resize(level, (half, half), interpolation=cv2.INTER_AREA), np.float32)
    return data


def _img2dataset(python: str, paths: Sequence[str], resolution: int, out: Path) -> None:
    subprocess.run(
        [python, "-W", "ignore", "-c", PEER, str(resolution), str(WORKERS), str(out)],
        input="\n".join(paths),
        text=True,
        check=True,
        env={**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1", "PYTHONPATH": ""},
    )


def _at_scale(photographs: Sequence[Path], count: int, resolution: int, scratch: Path) -> None:
    """A first run, one with nothing new, other thresholds, more images."""
    raw, more = _make(scratch / "raw", photographs, range(count)), max(count // 20, 1)
    usual, fewer = _params_at(scratch, resolution), _params_at(scratch, resolution, min_sharpness=500.0)
    print(f"\n{count} images\n\n| run | kept | seconds | decoded | peak memory, GB |\n{LINE}")
    _report("the first", raw, scratch, usual)
    _report("the same again", raw, scratch, usual)
    _report("curate.min_sharpness 500", raw, scratch, fewer)
    _report("curate.min_sharpness back to 0", raw, scratch, usual)
    _make(raw, photographs, range(count, count + more))
    _report(f"{more} images more", raw, scratch, usual)


def _report(name: str, raw: Path, scratch: Path, params: Path) -> None:
    began = time.monotonic()
    peak = _curate(raw, scratch, params, scratch / "knowledge")
    seconds = time.monotonic() - began
    figures = json.loads((scratch / "report.json").read_text())
    row = name, str(figures["kept"]), f"{seconds:.1f}", str(figures["decoded"]), f"{peak / 1e9:.2f}"
    print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    run_command(main)
