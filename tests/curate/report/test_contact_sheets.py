import numpy as np
import pytest
from PIL import Image

from curate.report.contact_sheets import CAPTION, GAP, SIDE, Tile, chosen, sheet_of, words_instead
from fashion_pggan.images.grid import png_of


def _plain(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def test_a_sheet_has_the_columns_asked_for_and_as_many_rows_as_needed():
    tiles = [Tile(_plain(90, 120, (200, 0, 0)), "red")] * 7
    assert sheet_of(tiles, 3).shape == (3 * (SIDE + CAPTION + GAP) + GAP, 3 * (SIDE + GAP) + GAP, 3)
    assert sheet_of(tiles[:2], 10).shape == (SIDE + CAPTION + 2 * GAP, 2 * (SIDE + GAP) + GAP, 3)


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (30, 60), (128, 128), (700, 300), (3, 4000)])
def test_an_image_of_any_size_is_seen_in_its_place(size):
    colours = [(200, 0, 0), (0, 160, 0)]
    sheet = sheet_of([Tile(_plain(*size, colour), "") for colour in colours], 2)
    for place, colour in enumerate(colours):
        middle = GAP + place * (SIDE + GAP) + (SIDE - 1) // 2
        assert tuple(sheet[GAP + (SIDE - 1) // 2, middle]) == colour


def test_a_white_image_has_an_edge():
    sheet = sheet_of([Tile(_plain(100, 100, (255, 255, 255)), "")], 1)
    assert sheet[GAP + SIDE // 2].min() < 200


def test_a_long_caption_stays_under_its_image():
    sheet = sheet_of([Tile(_plain(10, 10, (255, 255, 255)), "W" * 200), Tile(_plain(10, 10, 255), "")], 2)
    assert sheet[GAP + SIDE :, GAP + SIDE :].min() == 255
    assert sheet[GAP + SIDE :, :SIDE].min() < 100


def test_words_stand_where_no_image_can():
    tile = words_instead("TOO_MANY_PIXELS")
    assert tile.shape == (SIDE, SIDE, 3)
    assert (tile.min(), tile.max()) == (40, 208)


def test_the_same_images_are_chosen_whatever_their_order():
    names = [f"{number * 2654435761 % 2**32:08x}" for number in range(1000)]
    assert chosen(names, 60) == chosen(reversed(names + names), 60)
    assert len(chosen(names, 60)) == 60
    assert chosen(names[:5], 60) == sorted(names[:5])
    assert {int(name, 16) * 4 // 2**32 for name in chosen(names, 60)} == {0, 1, 2, 3}


def test_a_sheet_is_the_same_png_each_time(tmp_path):
    tiles = [Tile(_plain(5, 7, (1, 2, 3)), "5 x 7  0123abcd")] * 3
    assert png_of(sheet_of(tiles, 2)) == png_of(sheet_of(tiles, 2))
    (tmp_path / "sheet.png").write_bytes(png_of(sheet_of(tiles, 2)))
    with Image.open(tmp_path / "sheet.png") as image:
        np.testing.assert_array_equal(np.asarray(image), sheet_of(tiles, 2))
