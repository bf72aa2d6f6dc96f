"""`python -m benchmarks.curation.duplicates IMAGES`: which copies are found, and what is taken for one.

Three tables: kinds of copies, look-alikes that are other garments, and colour variants by how much changed.
Pairs among the photographs themselves are listed, for a person to look at.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from benchmarks.curation.altered import COPIES, garment_in_another_hue, in_another_hue, jpeg, printed_shirts
from curate.copies.candidates import Fingerprints
from curate.copies.closer import closer_look
from curate.copies.pairs import copies_among, kinds_of
from curate.facts.fingerprint import Fingerprint, fingerprint_of
from curate.facts.view import View
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import Pixels
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

NEAR_BITS = 32
STRIPES = (0, 3, 6, 10, 20, 256)  # grey levels, mean change by another colour
PRINTS = (40, 60, 100, 160, 240)  # pixels of 800
CLOTHS = {"white": 226, "black": 31}
TURNED = (0, 120, 240)  # degrees of hue


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.duplicates", description=__doc__)
    parser.add_argument("images", type=Path, help="a folder of photographs, no two alike")
    parser.add_argument(
        "--copied", type=int, default=300, help="how many of them are copied, drawn at random"
    )
    parser.add_argument("--near-bits", type=int, default=NEAR_BITS)
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.images.rglob("*") if path.is_file())
    images = dict(_images(paths))
    if not images:
        raise UserError(f"no images in {arguments.images}: give a folder of photographs")
    began = time.process_time()
    prints = {path: fingerprint_of(pixels) for path, pixels in images.items()}
    each = (time.process_time() - began) / len(images) * 1000
    print(f"{len(images)} images, {each:.1f} ms of CPU for a fingerprint\n\npairs among them:")
    names = list(prints)
    for one, other in _pairs(list(prints.values()), list(images.values()), 0, arguments.near_bits):
        print(names[one].name, names[other].name)
    chosen = names[:: max(len(names) // arguments.copied, 1)][: arguments.copied]
    _copies(images, prints, chosen, arguments.near_bits)
    _look_alikes([images[path] for path in chosen], arguments.near_bits)
    _variants([images[path] for path in chosen], arguments.near_bits)


def _images(paths: Iterable[Path]) -> Iterable[tuple[Path, Pixels]]:
    for path in paths:
        try:
            yield path, decode(open_image(path.read_bytes())).pixels
        except Refused:
            print(f"{path} is no image that can be decoded")


def _copies(
    images: dict[Path, Pixels], prints: dict[Path, Fingerprint], chosen: list[Path], near_bits: int
) -> None:
    print("\n| copy | found | other images taken for copies | kinds of those found |\n|---|---|---|---|")
    places = {path: place for place, path in enumerate(prints)}
    right = [places[path] for path in chosen]
    for name, change in COPIES.items():
        changed = [change(images[path]) for path in chosen]
        copies = [fingerprint_of(pixels) for pixels in changed]
        everything = [*prints.values(), *copies]
        pairs = _pairs(everything, [*images.values(), *changed], len(copies), near_bits)
        found = [pair for pair in pairs if pair[1] >= len(prints) and right[pair[1] - len(prints)] == pair[0]]
        said = kinds_of(_columns(everything), np.asarray(found).reshape(-1, 2), near_bits)
        kinds = Counter(kind[0].value for kind in said if kind)
        named = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        share = len(found) / len(copies)
        print(f"| {name} | {share:.2f} | {len(pairs) - len(found)} | {named} |", flush=True)


def _look_alikes(photographs: list[Pixels], near_bits: int) -> None:
    print("\n| look-alikes | images | kept |\n|---|---|---|")
    for name, cloth in CLOTHS.items():
        for size in PRINTS:
            shirts = list(printed_shirts(size, cloth))
            print(f"| prints of {size} px on one {name} shirt | {len(shirts)} | {_kept(shirts, near_bits)} |")
    turned = [[jpeg(in_another_hue(pixels, turn)) for turn in TURNED] for pixels in photographs[:100]]
    kept = sum(_kept(three, near_bits) for three in turned)
    print(f"| photographs in three hues | {3 * len(turned)} | {kept} |")


def _kept(images: Sequence[Pixels], near_bits: int) -> int:
    """Of look-alikes, how many groups they form; each keeps one."""
    prints = [fingerprint_of(pixels) for pixels in images]
    return len(prints) - len(
        _pairs(prints, images, 0, near_bits)
    )  # the pairs found are just enough to connect


def _columns(prints: list[Fingerprint]) -> Fingerprints:
    names = [field.name for field in fields(Fingerprint)]
    return Fingerprints.of(
        {
            name: np.concatenate([getattr(each, name).ravel().view(np.uint8) for each in prints])
            for name in names
        }
    )


def _pairs(
    prints: list[Fingerprint], images: Sequence[Pixels], new: int, near_bits: int
) -> list[tuple[int, int]]:
    def looks_of(places: Sequence[int]) -> dict[int, bytes]:
        return {place: closer_look(View(images[place])).closer for place in places}

    is_new = np.arange(len(prints)) >= len(prints) - new if new else np.ones(len(prints), bool)
    found = copies_among(_columns(prints), is_new, near_bits, looks_of)
    return [(int(one), int(other)) for one, other in found]


def _variants(photographs: list[Pixels], near_bits: int) -> None:
    print("\n| mean change of a garment's colour, grey levels | images | taken for a copy |\n|---|---|---|")
    changed, taken = [], []
    for turn in (60, 180):
        for pixels in photographs:
            variant = garment_in_another_hue(pixels, turn)
            changed.append(float(cv2.absdiff(pixels, variant).mean()))
            taken.append(_kept([pixels, variant], near_bits) == 1)
    for least, most in pairwise(STRIPES):
        here = [was for change, was in zip(changed, taken, strict=True) if least <= change < most]
        print(f"| {least} to {most} | {len(here)} | {sum(here)} |")


if __name__ == "__main__":
    run_command(main)
