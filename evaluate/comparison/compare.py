"""Two sets of images in, their distance per level out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evaluate.comparison.distances import Distances
from evaluate.comparison.interval import Halves, distances_of_halves
from evaluate.comparison.raw_distances import RawDistances
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.distance.descriptors import (
    CHANNELS,
    Descriptors,
    DescriptorWriter,
    draw_centres,
    patches_at,
)
from fashion_pggan.distance.pyramid import gaussian_pyramid, levels_of
from fashion_pggan.distance.swd import PRINTED_TIMES, draw_directions, is_flat, sliced_wasserstein
from fashion_pggan.distance.work import Work, pinned
from fashion_pggan.params import EvaluateParams

AT_ONCE = 4  # images per thread: 13 MB at 512 px, which the allocator reuses


def describe(
    images: ImageSet, params: EvaluateParams, folder: Path | None, work: Work, advance: Advance
) -> dict[int, Descriptors]:
    """The descriptors of a set at each level, finest first.

    Args:
        images: the set; it is read once, `params.minibatch` images at a time.
        params: the evaluate section.
        folder: for the descriptors, which are then memory-mapped; None: they stay on the device.
        work: where to compute.
        advance: called with the number of images that were done.
    """
    levels = levels_of(images.resolution, params.smallest_level)
    side, patches, count = params.patch_side, params.patches_per_image, images.count
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    writers = {
        level: DescriptorWriter(folder, level, count, patches, CHANNELS * side**2, work) for level in levels
    }
    centres = {level: draw_centres(params.seed, images.name, level, count, patches, side) for level in levels}
    for indices, pixels in _minibatches(images, params.minibatch, work):

        def put(part: range, pixels: Tensor = pixels, first: int = indices.start) -> None:
            smoothed = gaussian_pyramid(pixels[part.start : part.stop], levels[-1], work)
            where = range(first + part.start, first + part.stop)
            cut = [
                patches_at(here, below, centres[level][where.start : where.stop], side)
                for level, here, below in zip(levels, smoothed, [*smoothed[1:], None], strict=True)
            ]
            if folder and work.device is not None:
                cut = list(torch.stack(cut).cpu())  # all levels at once: the device is waited for once
            for level, patches in zip(levels, cut, strict=True):
                writers[level].put(where, patches)

        work.each(put, _parts(len(indices), AT_ONCE if work.device is None else len(indices)))
        advance(len(indices))
    return {level: writer.finish() for level, writer in writers.items()}


def compare(
    real: dict[int, Descriptors],
    fake: dict[int, Descriptors],
    params: EvaluateParams,
    work: Work,
    *,
    same: bool = False,
) -> Distances:
    """The distances between two described sets, with their standard errors; see `measure`."""
    return measure(real, fake, params, work, same=same).distances()


def compare_colours_too(
    real: dict[int, Descriptors],
    fake: dict[int, Descriptors],
    params: EvaluateParams,
    work: Work,
    *,
    same: bool = False,
) -> Distances:
    """The same with both sets normalised by the real one: colour and contrast count, unlike as published."""
    ours, theirs = (
        {level: replace(each, normalised_by=real[level]) for level, each in described.items()}
        for described in (real, fake)
    )
    return compare(ours, theirs, params, work, same=same)


def measure(
    real: dict[int, Descriptors],
    fake: dict[int, Descriptors],
    params: EvaluateParams,
    work: Work,
    *,
    same: bool = False,
    in_pairs: bool = False,
) -> RawDistances:
    """The distances between two described sets, along each direction.

    Args:
        real: by level.
        fake: by level, of as many images.
        params: the evaluate section; without `replicates` there are no standard errors.
        work: where to compute.
        same: both sets hold the same images, with other patches.
        in_pairs: whether to draw halves in pairs, as `RawDistances.minus` needs them.
    """
    size = params.patch_side**2 * CHANNELS
    drawn = [
        draw_directions(params.seed, repeat, size, params.directions) for repeat in range(params.repeats)
    ]
    directions = np.concatenate(drawn, axis=1)
    few = directions[:, : params.replicate_directions]
    count = len(next(iter(real.values())).moments)
    halves = Halves.draw(params.seed, params.replicates, count, same=same, in_pairs=in_pairs)
    along, of_halves = {}, {}
    for level, descriptors in real.items():
        along[level] = sliced_wasserstein(descriptors, fake[level], directions, work) * PRINTED_TIMES
        if halves.real:
            parts = distances_of_halves(descriptors, fake[level], few, halves, work)
            of_halves[level] = parts * PRINTED_TIMES
    return RawDistances(along, of_halves, halves, (_flat(real), _flat(fake)))


def _flat(described: dict[int, Descriptors]) -> tuple[int, ...]:
    """The levels at which a colour channel of a set has no contrast."""
    return tuple(level for level, each in described.items() if is_flat(each.statistics()[1]).any())


def _minibatches(images: ImageSet, size: int, work: Work) -> Iterator[tuple[range, Tensor]]:
    """The images in minibatches; while a device computes, a thread reads the next one."""
    parts = _parts(images.count, size)

    def read(part: range) -> Tensor:
        return pinned(torch.from_numpy(images.read(part)), work.torch_device)

    if work.device is None:
        yield from ((part, read(part)) for part in parts)
        return
    with ThreadPoolExecutor(1, "read") as reader:
        ahead = [reader.submit(read, part) for part in parts[:1]]
        for part, following in zip_longest(parts, parts[1:]):
            pixels = ahead.pop().result()
            if following is not None:
                ahead.append(reader.submit(read, following))
            yield part, pixels


def _parts(count: int, size: int) -> list[range]:
    return [range(start, min(start + size, count)) for start in range(0, count, size)]
