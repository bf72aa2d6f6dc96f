"""Labels by the user's own classifier, through the whole stage."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from curate.source.labels import with_classes
from curate.source.raw import Raw
from curate.stage import run
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import CuratedImage, read_records
from tests.curate.facts.test_classifier import colour_model, write_recipe


@pytest.fixture
def coloured(params, tmp_path):
    """The parameters, with a recipe that calls red ones shirts, green ones hoodies, blue ones nothing."""
    colour_model(tmp_path / "colour.onnx")
    recipe = write_recipe(tmp_path, classes=["셔츠", "hoodie", "other"])
    changes = {"labels": {"shirt": ["셔츠"], "hoodie": []}, "label_classifier": str(recipe), "min_side": 32}
    return params.model_copy(update=changes)


@pytest.fixture
def source(tmp_path):
    """A red, a green, a blue and a grey image, and a red one in a folder of hoodies."""
    random, folder = np.random.default_rng(0), tmp_path / "source"
    (folder / "hoodie").mkdir(parents=True)
    for name, channel in {"red": 0, "green": 1, "blue": 2, "hoodie/red": 0}.items():
        pixels = random.integers(0, 40, (64, 64, 3), np.uint8)
        pixels[:, :, channel] += 200
        Image.fromarray(pixels).save(folder / f"{name}.png")
    Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(folder / "grey.png")
    return folder


def _labels(source, params, tmp_path):
    run(source, tmp_path / "data", params, knowledge=tmp_path / "known")
    rows = read_records(tmp_path / "data/manifest.parquet", CuratedImage)
    return {row.file: (row.label, row.label_source) for row in rows}


def test_images_without_a_label_get_the_likeliest_one_of_a_sure_classifier(coloured, source, tmp_path):
    assert _labels(source, coloured, tmp_path) == {
        "red.png": ("shirt", "classifier"),
        "green.png": ("hoodie", "classifier"),
        "blue.png": ("", ""),
        "grey.png": ("", ""),
        "hoodie/red.png": ("hoodie", "folder"),
    }
    surer = coloured.model_copy(update={"label_score": 1.0})
    assert Counter(label for label, _ in _labels(source, surer, tmp_path).values()) == {"": 4, "hoodie": 1}


def test_a_classifier_may_correct_what_others_say(coloured, source, tmp_path):
    found = _labels(source, coloured.model_copy(update={"label_corrects": True}), tmp_path)
    assert found["hoodie/red.png"] == found["red.png"] == ("shirt", "classifier")
    assert found["blue.png"] == ("", "")


def test_without_labels_or_without_a_recipe_nobody_is_asked(coloured, source, tmp_path):
    off = coloured.model_copy(update={"label_classifier": ""})
    assert {said for _, said in _labels(source, off, tmp_path).values()} == {"", "folder"}
    run(source, tmp_path / "data", coloured.model_copy(update={"labels": {}}), knowledge=tmp_path / "known")
    assert not list((tmp_path / "known").glob("labelled-*"))


def test_a_recipe_with_a_class_that_is_no_label_says_what_may_be_one(coloured, source, tmp_path):
    write_recipe(tmp_path, classes=["a/b", "hoodie", "other"])
    says = r'classes\.0 is "a/b": give 1 to 60 letters, digits, blanks, and _ \. \+ -; the first is a letter'
    with pytest.raises(UserError, match=says):
        _labels(source, coloured, tmp_path)


def test_a_model_whose_scores_are_no_numbers_is_named(coloured, source, tmp_path):
    colour_model(tmp_path / "colour.onnx", gain=float("nan"))
    with pytest.raises(UserError, match=r"recipe\.yaml gives scores that are not finite \(nan, nan, nan"):
        _labels(source, coloured, tmp_path)


def test_a_score_that_is_no_number_gives_no_label(coloured):
    images = [Raw("0", "1.png")]
    assert with_classes(images, {"0": ("hoodie", float("nan"))}, coloured) == images
