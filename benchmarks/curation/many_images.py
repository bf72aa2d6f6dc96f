"""`python -m benchmarks.curation.many_images IMAGES`: near-duplicates among 60,000 images, and judging them.

Each image is made of two photographs: regions of one between regions of the other, half of them mirrored.
Of such images about as many have close hashes as of photographs. One in `--every` is an altered copy of the
one before it.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.curation.altered import COPIES
from benchmarks.curation.photographs import photographs_in
from benchmarks.memory import PeakMemory
from curate.copies.best import Measured
from curate.copies.closer import closer_look
from curate.decide import Decision, decide
from curate.facts.detail import Detail
from curate.facts.evidence import Quality
from curate.facts.fingerprint import Fingerprint, fingerprint_of
from curate.facts.view import View
from curate.known.asked import MEASURES
from curate.pixels.measure import Pixels
from curate.reasons import Reason
from fashion_pggan.command.edge import run_command
from fashion_pggan.params import CurateParams, load_params

SIZE = (192, 256)  # pixels, width and height
STEEP = 4.0  # how fast one photograph gives way to the other
WORKERS = os.cpu_count() or 1


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.many_images", description=__doc__)
    parser.add_argument("images", type=Path, help="a folder of photographs, no two alike")
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--every", type=int, default=10, help="one image in so many is a copy")
    parser.add_argument("--facts", type=Path, help="a file that keeps the facts of the images made")
    arguments = parser.parse_args()
    photographs = _photographs(arguments.images)
    if arguments.facts and arguments.facts.exists():
        facts = pq.read_table(arguments.facts)
    else:
        facts = _facts_of_many(photographs, arguments.count, arguments.every)
        if arguments.facts:
            pq.write_table(facts, arguments.facts)
    params = load_params(Path("presets/photos.yaml")).curate
    print(f"{len(facts)} images, a copy in {arguments.every}; {WORKERS} cores\n")
    print("| work | wall s | CPU s | peak memory, GB | copies | of them right |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("copies looked for among all, judged", "judged again"):
            measured = partial(_measured, photographs, arguments.every)
            _report(name, facts, params, Path(folder), arguments.every, measured)


def _photographs(folder: Path) -> list[Pixels]:
    return [
        np.asarray(cv2.resize(pixels, SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        for pixels in photographs_in(folder)
    ]


def _facts_of_many(photographs: Sequence[Pixels], count: int, every: int) -> pa.Table:
    with ThreadPoolExecutor() as pool:
        prints = list(pool.map(partial(_print_of, photographs, every), range(count)))
    columns = {
        field.name: [getattr(each, field.name).tobytes() for each in prints] for field in fields(Fingerprint)
    }
    names = [f"{number:064x}" for number in range(count)]
    said = {"sha256": names, "pixels_hash": names, "failure": [""] * count, "animated": [False] * count}
    sides = {"width": [1024] * count, "height": [1024] * count, "deviation": [50.0] * count}
    usual = columns | said | sides | {"style": [""] * count}
    nothing = [None] * count
    return pa.table([pa.array(usual.get(field.name, nothing), field.type) for field in MEASURES], MEASURES)


def _print_of(photographs: Sequence[Pixels], every: int, number: int) -> Fingerprint:
    return fingerprint_of(_made(photographs, every, number))


def _made(photographs: Sequence[Pixels], every: int, number: int) -> Pixels:
    copied = number % every == every - 1
    pixels = _image(photographs, number - copied)
    changes = list(COPIES.values())
    return np.ascontiguousarray(changes[number // every % len(changes)](pixels) if copied else pixels)


def _image(photographs: Sequence[Pixels], number: int) -> Pixels:
    random = np.random.default_rng(number)
    one, other = (photographs[index] for index in random.choice(len(photographs), 2, replace=False))
    share = cv2.resize(random.random((3, 3)).astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)
    share = np.clip((share - 0.5) * STEEP + 0.5, 0, 1)[..., None]
    mixed = (one * share + other * (1 - share)).astype(np.uint8)
    return np.asarray(mixed[:, ::-1] if random.random() < 0.5 else mixed, np.uint8)


def _report(
    name: str, facts: pa.Table, params: CurateParams, folder: Path, every: int, measured: Measured
) -> None:
    with PeakMemory() as memory:
        wall, cpu = time.monotonic(), time.process_time()
        decisions = decide(facts["sha256"].to_pylist(), facts, params, folder, measured)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    copies, right = _copies_in(decisions, every)
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {memory.peak / 1e9:.2f} | {copies} | {right} |", flush=True)


def _measured(photographs: Sequence[Pixels], every: int, kind: type, names: Sequence[str]) -> pa.Table:
    """Equal quality and detail, or closer looks at the images, which are made again."""
    if kind in (Quality, Detail):
        return pa.table({field.name: np.zeros(len(names)) for field in fields(kind)})
    made = (_made(photographs, every, int(name, 16)) for name in names)
    return pa.table({"closer": [closer_look(View(pixels)).closer for pixels in made]})


def _copies_in(decisions: Sequence[Decision], every: int) -> tuple[int, int]:
    """How many images are dropped as copies, and how many of them for the image that they were made of."""
    found = [
        (number, int(decision.original, 16))
        for number, decision in enumerate(decisions)
        if decision.reason == Reason.DUPLICATE
    ]
    pairs = (sorted(pair) for pair in found)
    return len(found), sum(other - one == 1 and other % every == every - 1 for one, other in pairs)


if __name__ == "__main__":
    run_command(main)
