"""Copies are found, other garments and other colours are left apart."""

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.copies.groups import best_of_groups, exact_copies
from curate.copies.pairs import copies_among, kinds_of
from curate.facts.fingerprint import fingerprint_of
from curate.pixels.decode import decode, open_image
from curate.pixels.measure import pixels_hash
from demo_shop.draw.sketch import sketch_of
from demo_shop.goods.drawn import Drawn
from tests.curate.copies.compared import copies, encoded, fingerprints, looks_at

COUNT = 40


def bytes_in(fingerprint, name):
    return getattr(fingerprint, name).ravel().view(np.uint8)


def without_edges(pixels, share):
    height, width, _ = pixels.shape
    top, left = round(height * share), round(width * share)
    return pixels[top : height - top, left : width - left]


def recoloured(pixels):
    """The middle in another colour, the ground as it was."""
    height, width, _ = pixels.shape
    other = pixels.copy()
    middle = other[height // 4 : -height // 4, width // 4 : -width // 4]
    middle[...] = 255 - middle
    return other


def on_white_square(pixels):
    height, width, _ = pixels.shape
    more, less = (max(height, width) - side for side in (height, width))
    sides = (more // 2, more - more // 2, less // 2, less - less // 2)
    return cv2.copyMakeBorder(pixels, *sides, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def rotated(pixels, degrees):
    height, width, _ = pixels.shape
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(pixels, turned, (width, height), borderMode=cv2.BORDER_REPLICATE)


COPIES = {
    "re-encoded": lambda pixels: encoded(pixels, 50),
    "halved": lambda pixels: cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "brighter": lambda pixels: np.clip(pixels * 1.15, 0, 255).astype(np.uint8),
    "darker": lambda pixels: (pixels * 0.85).astype(np.uint8),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "on a white square": on_white_square,
    "a dark frame": lambda pixels: cv2.copyMakeBorder(
        pixels, 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=(30,) * 3
    ),
    "contrast": lambda pixels: np.clip(128 + 1.2 * (pixels - 128.0), 0, 255).astype(np.uint8),
    "rotated": lambda pixels: rotated(pixels, 1.0),
}


LEAST = {"on a white square": 0.75}  # of drawn garments, whose own grounds are plain; of photographs 0.99


def shirt_with(print_of):
    """One blank shirt on a white ground, with a print in its middle."""
    shirt = np.full((400, 400, 3), 245, np.uint8)
    cv2.fillPoly(
        shirt, [np.array([[120, 80], [280, 80], [330, 150], [280, 340], [120, 340], [70, 150]])], (200,) * 3
    )
    shirt[160:220, 170:230] = print_of
    return shirt


def test_prints_on_one_blank_shirt_are_other_garments():
    random = np.random.default_rng(5)
    prints = random.integers(0, 256, (12, 4, 4, 3), dtype=np.uint8)
    assert copies([shirt_with(np.kron(each, np.ones((15, 15, 1), np.uint8))) for each in prints]) == set()


def test_only_images_whose_thumbnails_are_copies_are_looked_at_again(garments):
    asked = set()

    def looks_of(places):
        asked.update(places)
        return looks_at(images)(places)

    images = [*garments[:10], encoded(garments[4], 60)]
    new = np.ones(len(images), dtype=bool)
    assert copies_among(fingerprints(images), new, 32, looks_of).tolist() == [[4, 10]]
    assert asked == {4, 10}


@pytest.fixture(scope="module")
def garments():
    """Drawn garments, none a copy of another."""
    shop = Drawn(1000)
    sketches = (sketch_of(index) for index in range(1000))
    whole = (sketch for sketch in sketches if not sketch.fault and sketch.image_index == sketch.index)
    fine = (sketch for sketch in whole if 256 <= min(sketch.width, sketch.height) <= 700)
    return [decode(open_image(shop.image(next(fine).index))).pixels for _ in range(COUNT)]


def test_different_garments_are_no_copies(garments):
    assert copies(garments) == set()


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_and_nothing_else(garments, kind):
    found = copies([*garments, *map(COPIES[kind], garments)])
    assert found <= {(index, index + COUNT) for index in range(COUNT)}
    assert len(found) >= LEAST.get(kind, 0.95) * COUNT


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("re-encoded", "near"),
        ("mirrored", "mirrored"),
        ("on a white square", "framed"),
        ("a dark frame", "framed"),
        ("rotated", "rotated"),
        ("without edges", "part"),
        ("banner", "banner"),
    ],
)
def test_a_copy_is_of_the_kind_that_the_decision_found(change, kind):
    changes = {**COPIES, "without edges": lambda pixels: without_edges(pixels, 0.07), "banner": with_banner}
    noise = np.random.default_rng(3).integers(0, 256, (4, 12, 9, 3), dtype=np.uint8)
    scenes = [cv2.resize(each, (270, 360), interpolation=cv2.INTER_CUBIC) for each in noise]
    images = [*scenes, *map(changes[change], scenes)]
    found = copies(images)
    assert found == {(index, index + 4) for index in range(4)}
    kinds = kinds_of(fingerprints(images), np.asarray(sorted(found)), 32)
    assert [name for name, _ in kinds] == [kind] * 4
    assert kinds_of(fingerprints(images), np.asarray(sorted(found))[:, ::-1], 32) == kinds


def test_many_images_without_their_edges_are_found_and_nothing_else(garments):
    found = copies([*garments, *(without_edges(pixels, 0.05) for pixels in garments)])
    assert found <= {(index, index + COUNT) for index in range(COUNT)}
    assert len(found) >= 0.6 * COUNT  # strict rather than complete: docs/explanation/near-duplicates.md


def with_banner(pixels):
    copy = pixels.copy()
    copy[round(0.9 * len(copy)) :] = (200, 30, 30)
    return copy


def test_copies_with_a_banner_are_found_where_their_hashes_are_near_and_nothing_else(garments):
    found = copies([*garments, *map(with_banner, garments)])
    assert found <= {(index, index + COUNT) for index in range(COUNT)}
    assert len(found) >= 0.05 * COUNT  # docs/explanation/near-duplicates.md


def test_other_colours_are_copies_only_when_asked_for(garments):
    dark = [pixels for pixels in garments if np.abs(recoloured(pixels).astype(int) - pixels).mean() > 12]
    images = [*dark, *map(recoloured, dark)]
    assert copies(images) == set()
    plain = np.full((200, 200, 3), 230, np.uint8)
    cv2.circle(plain, (100, 100), 60, (200, 30, 30), -1)
    cv2.rectangle(plain, (20, 30), (60, 170), (20, 20, 20), -1)
    variant = plain.copy()
    variant[(plain == (200, 30, 30)).all(axis=2)] = (30, 120, 40)
    assert copies([plain, variant]) == set()
    assert copies([plain, variant], near_bits=64, colour_variants=True) == {(0, 1)}
    pair = np.asarray([(0, 1)])
    assert kinds_of(fingerprints([plain, variant]), pair, 64) == [None]
    [(kind, bits)] = kinds_of(fingerprints([plain, variant]), pair, 64, colour_variants=True)
    assert (kind, 0 < bits <= 64) == ("recoloured", True)


def test_only_pairs_with_something_new_are_looked_for(garments):
    images = [*garments[:10], *(encoded(pixels, 50) for pixels in garments[:10])]
    prints = fingerprints(images)
    new = np.zeros(20, dtype=bool)
    assert len(copies_among(prints, new, 32, looks_at(images))) == 0
    new[13] = True
    assert copies_among(prints, new, 32, looks_at(images)).tolist() == [[3, 13]]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2), (64, 64)])
def test_any_image_has_a_fingerprint(size):
    fingerprint = fingerprint_of(np.full((*size, 3), 7, np.uint8))
    sizes = [getattr(fingerprint, field.name).nbytes for field in fields(fingerprint)]
    assert sizes == [*5 * [32], 8, 48 * 48 * 3]


def test_equal_pixels_are_exact_copies_of_the_first():
    hashes = np.asarray(["b", "a", "b", "c", "b", "a"])
    assert {tuple(pair) for pair in exact_copies(hashes).tolist()} == {(0, 2), (0, 4), (1, 5)}
    assert pixels_hash(np.zeros((2, 3, 3), np.uint8)) != pixels_hash(np.zeros((3, 2, 3), np.uint8))


def test_the_largest_is_kept_then_one_without_banner_then_the_sharpest_then_the_first():
    pairs = np.asarray([[0, 1], [1, 2], [3, 4], [5, 6]])
    area = np.asarray([10.0, 10, 20, 5, 5, 7, 7, 1])
    sharpness = np.asarray([1.0, 9, 1, 1, 2, 3, 3, 0])
    plain = np.zeros(8)
    assert best_of_groups(8, pairs, [area, plain, sharpness]).tolist() == [2, 2, 2, 4, 4, 5, 5, 7]
    banner = np.asarray([0, 0, 0.9, 0, 0.9, 0, 0, 0])  # decides among equally large ones
    assert best_of_groups(8, pairs, [area, -banner, sharpness]).tolist() == [2, 2, 2, 3, 3, 5, 5, 7]


@settings(deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30),
    order=st.permutations(range(20)),
    area=st.lists(st.integers(1, 5), min_size=20, max_size=20),
)
def test_groups_are_what_copies_connect_and_do_not_depend_on_the_order(pairs, order, area):
    given_pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
    areas = np.asarray(area, float) + np.arange(20) / 100  # no two alike
    best = best_of_groups(20, given_pairs, [areas, np.zeros(20)])
    group = list(range(20))
    for one, other in pairs:
        group = [group[one] if mine == group[other] else mine for mine in group]
    for index in range(20):
        members = [other for other in range(20) if group[other] == group[index]]
        assert best[index] == max(members, key=lambda member: areas[member])
    place = np.asarray(order)
    moved = best_of_groups(20, np.argsort(place)[given_pairs], [areas[place]])
    assert place[moved].tolist() == best[place].tolist()


@pytest.mark.slow
def test_no_two_photographs_are_taken_for_copies(shared):
    files = sorted((shared / "images/tops").iterdir())
    images = [decode(open_image(Path(file).read_bytes())).pixels for file in files]
    assert copies(images) == set()


def test_many_copies_of_one_image_are_one_group(garments):
    random = np.random.default_rng(0)
    noise = (random.integers(-6, 7, garments[0].shape) for _ in range(60))
    noisy = [np.clip(garments[0] + grain, 0, 255).astype(np.uint8) for grain in noise]
    found = np.asarray(sorted(copies([garments[0], *noisy])))
    best = best_of_groups(61, found, [-np.arange(61.0)])
    assert (best == 0).all()
