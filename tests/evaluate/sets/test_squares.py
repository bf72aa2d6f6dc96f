"""Images of any size: squares of them as curation makes them."""

import io

import numpy as np
import pytest
from PIL import Image

from curate.people.seen import People
from curate.squares.levels import levels_of
from curate.weights.installed import Lacking
from evaluate.options import Shared, Size
from evaluate.sets import squares
from evaluate.sets.sources import of_path
from fashion_pggan.errors import UserError


def _png(image, **more):
    kept = io.BytesIO()
    image.save(kept, "PNG", **more)
    return kept.getvalue()


def _squares(**options):
    return Size(**options).squares(Shared())


def _shirt(width=90, height=60, left=40):
    """A red square of 30 px on white."""
    image = Image.new("RGB", (width, height), "white")
    image.paste((200, 30, 30), (left, 15, left + 30, 45))
    return image


def test_the_centre_square_is_reduced_as_curation_does_it(make_images):
    pixels = make_images(1, 64, 3)[0]
    wide = np.concatenate([pixels[:, :15] * 0, pixels, pixels[:, :15] * 0], axis=1)
    found = _squares(size=32).of(_png(Image.fromarray(wide)), "wide.png")
    np.testing.assert_array_equal(found, levels_of(pixels, 32)[32])


def test_the_square_around_the_garment_is_nearer_than_the_centre_square():
    near, centre = (
        _squares(size=32, crop=crop).of(_png(_shirt(left=40)), "shirt.png") for crop in ("garment", "centre")
    )
    near_share, centre_share = ((each[..., 1] < 100).mean() for each in (near, centre))
    assert near_share > 0.6
    assert centre_share == pytest.approx(0.25, abs=0.05)


@pytest.fixture
def networks(monkeypatch):
    """Stand-ins for the networks: they see an upper body at the right of images that are wider than high."""

    def look(pixels, networks):
        assert networks == "stand-ins"
        height, width, _ = pixels.shape
        torso = (0.5, 0.25, 0.4, 0.5) if width > height else (0.0, 0.0, 0.0, 0.0)
        return People(5.0, 5.0, -5.0, *torso)

    monkeypatch.setattr(squares, "lacking", lambda: None)
    monkeypatch.setattr(squares, "FILES", ())
    monkeypatch.setattr(squares, "installed", lambda: "stand-ins")
    monkeypatch.setattr(squares, "people_in", look)


def test_the_square_of_the_upper_body_is_around_it_and_otherwise_around_the_garment(networks):
    wide, high = _shirt(120, 60, left=70), _shirt(60, 120, left=2)
    found = {
        (name, crop): _squares(size=16, crop=crop).of(_png(image), name)
        for name, image in (("wide", wide), ("high", high))
        for crop in ("top", "garment", "centre")
    }
    np.testing.assert_array_equal(found["high", "top"], found["high", "garment"])
    assert not np.array_equal(found["wide", "top"], found["wide", "garment"])
    assert (found["wide", "top"][..., 1] < 100).mean() > (found["wide", "centre"][..., 1] < 100).mean()


def test_the_square_of_the_upper_body_needs_the_networks(monkeypatch):
    monkeypatch.setattr(squares, "lacking", lambda: Lacking("there is nothing in /cache", "models fetch"))
    with pytest.raises(
        UserError, match="--crop top looks for people, but there is nothing in /cache: run models fetch"
    ):
        _squares(size=64, crop="top")
    _squares(size=64, crop="garment")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_png(_shirt()), r"a.png is 90 x 60 px and gives a square of 60 px: lower --size 64"),
        (_png(_shirt())[:200], r"a.png cannot be read as an image \(TRUNCATED\): remove it"),
        (b"", r"a.png cannot be read as an image \(EMPTY\)"),
        (b"<html>", r"a.png cannot be read as an image \(NOT_IMAGE\)"),
        (
            _png(_shirt(), save_all=True, append_images=[_shirt(left=2)]),
            r"a.png cannot be read as an image \(ANIMATED\)",
        ),
    ],
)
def test_what_gives_no_square_is_named(data, says):
    with pytest.raises(UserError, match=says):
        _squares(size=64).of(data, "a.png")


def test_a_crop_without_a_size_is_an_error():
    with pytest.raises(UserError, match="--crop garment without --size: give the side"):
        _squares(crop="garment")


def test_images_of_any_size_are_compared_with_a_level_of_a_dataset(evaluate, tmp_path, dataset):
    folder = tmp_path / "images"
    folder.mkdir()
    for number, width in enumerate((40, 90, 200)):
        _shirt(width, 64, 3).save(folder / f"{number}.png")
    printed = evaluate(folder, dataset.folder, "--size", 16, "--no-floor", "--store", tmp_path / "kept")
    assert "3 images per set" in printed
    assert "SWDx1e3_16" in printed
    assert "SWDx1e3_32" not in printed


def test_a_level_of_a_dataset_is_its_own_and_not_above_it(dataset):
    found = of_path(dataset.folder, "reals", 0, squares=_squares(size=16))
    whole = of_path(dataset.folder, "reals", 0)
    assert (found.resolution, whole.resolution) == (16, 32)
    assert found.identity != whole.identity  # descriptors of one are not those of the other
    order = [found.called(index) for index in range(4)]
    np.testing.assert_array_equal(found.read(range(4)), dataset.images(np.array(order), 16))
    with pytest.raises(UserError, match="has levels up to 32 px: lower --size 64"):
        of_path(dataset.folder, "reals", 0, squares=_squares(size=64))


def test_copies_variation_and_features_take_images_of_any_size(evaluate, write_network, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(8):
        _shirt(230, 200, 20 * number).save(folder / f"{number}.png")
    store = ["--size", 64, "--store", tmp_path / "kept"]
    assert "8" in evaluate("copies", folder, folder, *store)
    assert "MS-SSIM" in evaluate("variation", folder, "--size", 128, "--store", tmp_path / "kept")
    assert "fid" in evaluate("features", folder, folder, "--network", write_network("pt"), *store)
