"""Of several copies the one is kept that holds the most of the garment."""

import hashlib
from dataclasses import asdict, fields

import cv2
import numpy as np
import pyarrow as pa
import pytest

from curate.copies.best import best_among
from curate.copies.groups import best_of_groups, enlarged, merits_of
from curate.facts.detail import detail_of
from curate.facts.evidence import Quality
from curate.facts.view import View
from tests.curate.copies.compared import encoded


def drawn(side=400):
    """Patches on a grey ground, as sharp as photographs are, with grain."""
    random = np.random.default_rng(0)
    pixels = np.full((side, side * 3 // 4, 3), 120, np.uint8)
    for _ in range(60):
        x, y = (int(place) for place in random.integers(0, (side * 3 // 4 - 40, side - 40)))
        colour = tuple(int(value) for value in random.integers(20, 236, 3))
        cv2.rectangle(pixels, (x, y), (x + 10, y + 30), colour, -1)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 0.7)
    grain = cv2.GaussianBlur(random.normal(0, 6, pixels.shape), (0, 0), 0.6)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def scaled(pixels, by, how=cv2.INTER_LANCZOS4):
    return cv2.resize(pixels, None, fx=by, fy=by, interpolation=how)


def framed(pixels, above=40, beside=30, colour=255):
    sides = (above, above, beside, beside)
    return cv2.copyMakeBorder(pixels, *sides, cv2.BORDER_CONSTANT, value=(colour,) * 3)


def best_of(*images, banners=None):
    """The place of the best among copies of each other, whatever the order of their names."""
    banners = dict(enumerate(banners or [0.0] * len(images)))
    names = np.asarray([hashlib.sha256(bytes([number])).hexdigest() for number in range(len(images))])
    order = np.argsort(names)
    place_of = {name: place for place, name in enumerate(names)}

    def measured(kind, asked):
        places = [place_of[name] for name in asked]
        if kind is Quality:
            shown = {name.name: np.zeros(len(asked)) for name in fields(Quality)}
            return pa.table(shown | {"banner": [banners[place] for place in places]})
        return pa.Table.from_pylist([asdict(detail_of(View(images[place]))) for place in places])

    columns = {
        "sha256": names,
        "pixels_hash": np.asarray([hashlib.sha256(image.tobytes()).hexdigest() for image in images]),
        "width": np.asarray([float(image.shape[1]) for image in images]),
        "height": np.asarray([float(image.shape[0]) for image in images]),
        "format": np.asarray(["JPEG"] * len(images)),
        "jpeg_quality": np.full(len(images), 90.0),
        "size": np.asarray([float(image.size) for image in images]),
    }
    pairs = np.asarray([(0, other) for other in range(1, len(images))])
    columns = {name: column[order] for name, column in columns.items()}
    return int(order[best_among(columns, pairs, measured)[0]])


@pytest.mark.parametrize(
    "alter",
    [
        framed,
        lambda pixels: framed(pixels, 8, 8, 20),
        lambda pixels: framed(pixels, 0, 50),
        lambda pixels: framed(pixels)[40:, 30:],  # white below and at the right alone
        lambda pixels: framed(framed(pixels, 0, 40), 60, 0, 0),  # bars upon bars
        lambda pixels: scaled(pixels, 2),
        lambda pixels: scaled(pixels, 1.5, cv2.INTER_LINEAR),
        lambda pixels: framed(scaled(pixels, 2)),
        lambda pixels: scaled(pixels, 0.5, cv2.INTER_AREA),
        lambda pixels: framed(scaled(pixels, 0.7, cv2.INTER_AREA), 200, 200),
    ],
)
def test_an_original_is_better_than_a_copy_that_is_worse_though_larger(alter):
    original = encoded(drawn(), 90)
    assert best_of(original, encoded(alter(original), 92)) == 0


@pytest.mark.parametrize(("by", "best"), [(0.5, 0), (0.8, 1), (0.95, 1)])
def test_a_banner_costs_half_of_an_image(by, best):
    original = drawn()
    clean = scaled(original, by, cv2.INTER_AREA)
    assert best_of(original, clean, banners=[1.0, 0.0]) == best
    assert best_of(original, clean, banners=[1.0, 1.0]) == 0


def test_an_image_of_one_colour_has_details_of_its_own():
    detail = detail_of(View(np.full((40, 30, 3), 200, np.uint8)))
    assert detail.own_share == 1
    assert np.isfinite(detail.edge_width)
    assert best_of(*(np.full((side, side, 3), 200, np.uint8) for side in (40, 90))) == 1


def test_narrow_images_have_details():
    assert np.isfinite(detail_of(View(drawn()[:2, :3])).edge_width)


def test_an_image_is_enlarged_only_beside_a_smaller_one_of_its_group():
    own, width = np.asarray([100.0, 400, 400, 400]) ** 2, np.asarray([2.0, 8, 8, 2.1])
    facts = {"own": own, "edge_width": width}
    assert enlarged(facts, np.asarray([0, 0, 2, 0])).tolist() == [False, True, False, False]


def test_of_equally_large_copies_the_least_lossy_is_best():
    columns = {
        "width": np.full(5, 400.0),
        "height": np.full(5, 300.0),
        "own_share": np.ones(5),
        "worth": np.full(5, 120_000.0),
        "banner": np.zeros(5),
        "format": np.asarray(["GIF", "JPEG", "JPEG", "PNG", "JPEG"]),
        "jpeg_quality": np.asarray([np.nan, 40, 90, np.nan, 90]),
        "size": np.asarray([90.0, 20, 50, 300, 60]),
        "sharpness": np.asarray([900.0, 700, 500, 400, 300]),  # blocks and dither look sharp
    }
    order = []
    usable = np.arange(5)
    while usable.size:
        group = np.zeros(len(usable), np.int64)
        pairs = np.stack([group, np.arange(len(usable))], axis=1)
        merits = merits_of({name: column[usable] for name, column in columns.items()}, group)
        best = best_of_groups(len(usable), pairs, merits)[0]
        order.append(int(usable[best]))
        usable = np.delete(usable, best)
    assert order == [3, 4, 2, 1, 0]
