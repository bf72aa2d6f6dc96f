import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluate.measures.altered_copies import TELLING
from evaluate.measures.memorisation import Copies, find_copies, write_pairs
from evaluate.measures.nearest import Neighbours
from evaluate.sets.sources import of_dataset, of_path, shuffled
from fashion_pggan.errors import UserError
from tests.evaluate.sets.image_sets import set_of


@pytest.fixture(scope="module")
def training(make_images):
    return make_images(60, 32, 1)


def test_planted_copies_are_found_mirrored_ones_too(training, make_images):
    generated = make_images(20, 32, 2)
    generated[3] = training[41]
    generated[7] = training[8][:, ::-1]
    brighter = np.clip(training[20].astype(int) + 3, 0, 255)
    generated[11] = brighter
    found = find_copies(set_of(generated), set_of(training))
    near = found.generated
    assert set(near.closest(3, found.threshold)) == {3, 7, 11}
    assert list(near.index[[3, 7, 11]]) == [41, 8, 20]
    assert list(near.mirrored[[3, 7, 11]]) == [False, True, False]
    assert near.pixels[3] == near.pixels[7] == 0
    assert near.pixels[11] == pytest.approx(3, abs=0.2)
    assert near.bits[3] == near.bits[7] == 0
    assert near.bits[11] < 32 < np.median(near.bits)
    assert found.copies == found.near == 3
    assert found.facts()["near_share"] == 0.15
    assert "3 of 20 generated images are copies of training images: within 4 grey levels" in found.text()
    assert "3 of 20 (15.0%) are copies or within" in found.text()
    assert "of as many real images about 1 (3.2%)" in found.text()


def test_darkened_copies_are_found_by_their_hashes_mirrored_ones_too(training, make_images, tmp_path):
    generated = make_images(20, 32, 2)
    generated[3] = training[41] // 2
    generated[7] = training[8][:, ::-1] // 3
    found = find_copies(set_of(generated), set_of(training))
    assert list(found.generated.index[[3, 7]]) == [41, 8]
    assert list(found.generated.mirrored[[3, 7]]) == [False, True]
    assert found.generated.pixels[[3, 7]].min() > found.threshold
    assert found.copies == found.near == 2
    assert {pair["generated"] for pair in found.distances()["pairs"][:2]} == {3, 7}


def test_copies_within_the_training_set_hide_no_copies_of_it(training, make_images):
    generated = make_images(20, 32, 2)
    generated[3], generated[7] = training[2], training[41]
    doubled = np.concatenate([training, training[:10], training[:1] // 2])
    found, plain = (find_copies(set_of(generated), set_of(each)) for each in (doubled, training))
    assert found.threshold > 0.8 * plain.threshold > 0
    assert found.copies == found.near == 2
    assert found.real_copies == 10 * 2 + 1
    assert "21 of the training images that were compared have copies in the training set" in found.text()


def _apart(some, others):
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * some @ others.T
    return np.sqrt(np.maximum(squares, 0.0) / some.shape[1])


def _neighbours(apart):
    nothing = np.zeros(len(apart), dtype=int)
    return Neighbours(nothing, nothing.astype(bool), apart.min(axis=1), np.full(len(apart), 128))


def _honest(random, count):
    """Real images against others of their kind, as points."""
    points = random.normal(50, 20, (count + 256, 12))
    training, held_out = points[:count], points[count:]
    among = _apart(training, training)
    np.fill_diagonal(among, np.inf)
    return Copies(_neighbours(_apart(held_out, training)), _neighbours(among))


@pytest.mark.parametrize("count", [10, 50, 200, 500])
def test_honest_images_are_seldom_accused_however_few_training_images_there_are(count):
    """The threshold is a draw, too: by its expected share alone a fifth of them would be."""
    random = np.random.default_rng(count)
    found = [_honest(random, count) for _ in range(200)]
    assert np.mean([each.chance < TELLING for each in found]) <= 0.05


def test_a_generator_that_stays_near_its_training_images_is_accused_from_ten_of_them_on():
    random = np.random.default_rng(3)
    for count in (10, 50, 200):
        honest = _honest(random, count)
        near = replace(honest.generated, pixels=honest.generated.pixels * 0.4)
        assert replace(honest, generated=near).chance < TELLING


def test_where_even_all_images_would_tell_nothing_there_is_no_chance_to_give():
    few = replace(_honest(np.random.default_rng(1), 2), generated=_neighbours(np.zeros((3, 1))))
    assert few.chance is None
    many = replace(few, generated=_neighbours(np.zeros((200, 1))))
    assert many.chance < TELLING


def test_two_training_images_that_are_copies_of_each_other_accuse_nobody(training):
    found = find_copies(set_of(training[:3]), set_of(np.repeat(training[5:6], 2, axis=0)))
    assert (found.rank, found.chance, found.expected_share) == (0, None, None)
    assert "too few training images to say how many" in found.text()


def test_a_training_set_of_one_image_many_times_still_has_a_threshold(training):
    same = np.repeat(training[:1], 50, axis=0)
    found = find_copies(set_of(training[:3]), set_of(same))
    assert (found.threshold, found.copies, found.real_copies) == (4.0, 1, 50)
    assert found.facts()["real"] is None
    json.dumps(found.distances())


def test_the_threshold_comes_from_all_real_images_however_few_are_generated(training, make_images):
    generated = make_images(20, 32, 2)
    few, many = (find_copies(set_of(generated[:count]), set_of(training)) for count in (1, 20))
    assert few.threshold == many.threshold
    assert len(few.real.pixels) == 60


def test_photographs_of_other_garments_are_no_copies_and_darkened_ones_are(shared):
    images = []
    for path in sorted((shared / "images/tops").glob("*.jpg"))[:300]:
        with Image.open(path) as image:
            image.draft("RGB", (128, 128))
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            square = image.convert("RGB").crop((left, top, left + side, top + side))
            images.append(np.asarray(square.resize((64, 64), Image.Resampling.BOX)))
    photographs = np.stack(images)
    honest = photographs[150:].copy()
    assert find_copies(set_of(honest), set_of(photographs[:150])).copies == 0
    honest[::10] = photographs[:15] // 2
    found = find_copies(set_of(honest), set_of(photographs[:150]))
    assert np.flatnonzero(found.generated.copies).tolist() == list(range(0, 150, 10))
    assert found.generated.index[::10].tolist() == list(range(15))


def test_real_images_are_not_their_own_neighbours(training):
    found = find_copies(set_of(training), set_of(training))
    assert found.generated.pixels.max() == 0
    assert found.real.pixels.min() > 0
    assert not (found.real.index == np.arange(60)).any()
    full = training.astype(float)
    for place in range(5):
        others = [full[index][:, ::-1] if flip else full[index] for index in range(60) for flip in (0, 1)]
        apart = [math.sqrt(((full[place] - other) ** 2).mean()) for other in others]
        apart[2 * place] = apart[2 * place + 1] = math.inf
        assert found.real.pixels[place] == pytest.approx(min(apart), rel=0.05)  # of few candidates


def test_the_sheet_shows_the_closest_pairs_side_by_side(tmp_path, training, make_images):
    generated = make_images(5, 32, 2)
    generated[4] = training[9][:, ::-1]
    found = find_copies(set_of(generated), set_of(training))
    write_pairs(tmp_path / "sheet.png", found, set_of(generated), set_of(training))
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * 32, 8 * 32, 3)
    np.testing.assert_array_equal(sheet[:32, :32], generated[4])
    np.testing.assert_array_equal(sheet[:32, 32:64], generated[4])


def test_pairs_are_named_as_a_person_finds_them(tmp_path, dataset):
    for place in range(3):
        Image.fromarray(dataset.images(range(place, place + 1), 32)[0]).save(tmp_path / f"copy{place}.png")
    training = of_dataset(dataset, shuffled(len(dataset), 5))
    found = find_copies(of_path(tmp_path, "fakes", 1), training)
    named = {(Path(pair["generated"]).stem, pair["training"]) for pair in found.pairs(3)}
    assert named == {("copy0", 0), ("copy1", 1), ("copy2", 2)}
    assert "copy1.png of 1" in found.text()


def test_sets_that_do_not_fit_are_refused(training, make_images):
    with pytest.raises(UserError, match="images of 64 and 32 px cannot be compared"):
        find_copies(set_of(make_images(2, 64, 1)), set_of(training))
    with pytest.raises(UserError, match="1 training images have no neighbours"):
        find_copies(set_of(training), set_of(training[:1]))
