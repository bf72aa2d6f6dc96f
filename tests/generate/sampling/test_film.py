"""Grids and films."""

import cv2
import numpy as np
import pytest
from PIL import Image

from fashion_pggan.errors import UserError
from generate.sampling.film import write_film, write_sheet


def ends_of(sampler):
    return sampler, *sampler.latents(1, [2, 8])


def test_a_grid_has_its_rows_and_columns(sampler, tmp_path):
    write_sheet(tmp_path / "grid.png", [sampler] * 2, 1, 4, 3)
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size == (48, 32)
        np.testing.assert_array_equal(np.asarray(grid)[16:, 32:], sampler.images(1, [9])[0])


def test_a_film_begins_and_ends_at_its_garments(sampler, tmp_path):
    write_film(tmp_path / "film.webp", *ends_of(sampler), 5)
    ends = sampler.images(1, [2, 8]).repeat(16, axis=1).repeat(16, axis=2)
    with Image.open(tmp_path / "film.webp") as film:
        assert film.n_frames == 5
        for frame, expected in ((0, ends[0]), (4, ends[1])):
            film.seek(frame)
            np.testing.assert_array_equal(np.asarray(film.convert("RGB")), expected)


def test_an_mp4_plays_its_frames(sampler, tmp_path):
    write_film(tmp_path / "film.mp4", *ends_of(sampler), 12)
    film = cv2.VideoCapture(str(tmp_path / "film.mp4"))
    frames = []
    while (read := film.read())[0]:
        frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    assert len(frames) == 12
    expected = sampler.images(1, [2])[0].repeat(16, axis=0).repeat(16, axis=1)
    assert np.abs(frames[0].astype(int) - expected).mean() < 16  # lossy, with less colour resolution
    with pytest.raises(UserError, match=r"film\.gif: give a name that ends in \.webp or \.mp4"):
        write_film(tmp_path / "film.gif", *ends_of(sampler), 5)
