from evaluate.comparison.cache import Store
from evaluate.comparison.pair import measure_pair
from evaluate.results.notes import notes_of
from evaluate.results.pair_page import page_of
from evaluate.results.table import pair_json, pair_text
from fashion_pggan.distance.work import Work
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)


def _pair(tmp_path, params, reals, fakes, wanted=None):
    return measure_pair(set_of(reals, "reals"), set_of(fakes, "fakes"), wanted, params, Store(tmp_path), WORK)


def test_the_floor_is_of_other_real_images_where_there_are_enough(tmp_path, params, make_images):
    pair = _pair(tmp_path, params, make_images(40, 32, 1), make_images(20, 32, 2))
    assert (pair.images, pair.floor.kind) == (20, "disjoint")
    assert "40 and 20 images were cut to 20 per set" in "\n".join(notes_of(pair))
    assert "floor: 20 real images against 20 other real images" in notes_of(pair)


def test_too_few_real_images_are_said_to_give_the_floor_of_reused_ones(tmp_path, params, make_images):
    pair = _pair(tmp_path, params, make_images(39, 32, 1), make_images(20, 32, 2))
    assert pair.floor.kind == "reused"
    assert notes_of(pair)[-1].startswith("reused-images floor: the same 20 real images with patches at other")
    assert "the true floor is unavailable, because it takes 40 different real images" in notes_of(pair)[-1]
    assert "1.2 to 6 times by level, most at 16 px" in notes_of(pair)[-1]
    assert pair_text(pair).count("times the reused-images floor") == 1


def test_fewer_images_than_asked_for_are_said_in_text_and_json(tmp_path, params, make_images):
    reals, fakes = make_images(20, 32, 1), make_images(20, 32, 2)
    pair = _pair(tmp_path, params, reals, fakes, 16384)
    assert "16384 images per set were asked for, but there are 20: distances depend on" in pair_text(pair)
    assert (pair_json(pair)["images"], pair_json(pair)["images_asked"]) == (20, 16384)
    assert "asked for" not in pair_text(_pair(tmp_path, params, reals, fakes, 20))


def test_three_images_promise_no_intervals(tmp_path, params, make_images):
    pair = _pair(tmp_path, params, make_images(3, 32, 1), make_images(3, 32, 2))
    page = page_of(pair, "first", "second")
    assert "no intervals (fewer than 8 images" in page
    assert "95 % interval" not in page
    many = _pair(tmp_path, params, make_images(16, 32, 1), make_images(16, 32, 2))
    assert "below each number its 95 % interval" in page_of(many, "first", "second")
