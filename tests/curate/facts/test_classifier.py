"""A classifier of one's own: small models made here, asked through their recipes."""

import numpy as np
import pytest
import yaml

from curate.facts.classifier import Classifier
from curate.facts.classifier_recipe import recipe_hashes
from curate.facts.style import Style, merged
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import MOST_TEXT

onnx = pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="the extra `onnx` is not installed")
pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")

RED, GREEN, BLUE = (
    np.full((40, 30, 3), colour, np.uint8) for colour in ((250, 5, 5), (5, 250, 5), (5, 5, 250))
)
RECIPE = {"model": "colour.onnx", "side": 8, "crop": "centre", "mean": [0.0] * 3, "deviation": [1.0] * 3}


def save(graph, path):
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def colour_model(path, *, gain=10.0):
    """(1, 3, 8, 8) to (1, 3): the mean of each colour, times `gain`."""
    value = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        onnx.helper.make_node("Mul", ["mean", "gain"], ["scores"]),
    ]
    save(
        onnx.helper.make_graph(
            nodes,
            "colours",
            [value("image", onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
            [value("scores", onnx.TensorProto.FLOAT, [1, 3])],
            [onnx.numpy_helper.from_array(np.float32(gain), "gain")],
        ),
        path,
    )


def word_model(path):
    """Tokens and mask (n, 4) to (n, 3): the sum of the words' embeddings; red, green and blue are axes."""
    table = np.zeros((6, 3), np.float32)
    table[[2, 3, 4], [0, 1, 2]] = 1
    value = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("Gather", ["table", "tokens"], ["words"]),
        onnx.helper.make_node("Cast", ["mask"], ["used"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Unsqueeze", ["used", "last"], ["used_all"]),
        onnx.helper.make_node("Mul", ["words", "used_all"], ["kept"]),
        onnx.helper.make_node("ReduceSum", ["kept", "middle"], ["text"], keepdims=0),
    ]
    save(
        onnx.helper.make_graph(
            nodes,
            "words",
            [value(name, onnx.TensorProto.INT64, ["n", 4]) for name in ("tokens", "mask")],
            [value("text", onnx.TensorProto.FLOAT, ["n", 3])],
            [
                onnx.numpy_helper.from_array(table, "table"),
                onnx.numpy_helper.from_array(np.array([-1]), "last"),
                onnx.numpy_helper.from_array(np.array([1]), "middle"),
            ],
        ),
        path,
    )


def write_recipe(folder, **changes):
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(RECIPE | changes))
    return path


def zero_shot(folder):
    colour_model(folder / "colour.onnx")
    word_model(folder / "words.onnx")
    words = {"[UNK]": 0, "a": 1, "red": 2, "green": 3, "blue": 4, "[PAD]": 5}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    prompts = {"worn": ["a red top", "red"], "flat": ["a green one"], "other": ["blue"]}
    text = {"model": "words.onnx", "tokenizer": "tokenizer.json", "length": 4, "pad": 5, "scale": 100.0}
    return write_recipe(folder, text=text | {"prompts": prompts})


def test_a_model_with_scores_names_styles_in_the_order_of_its_recipe(tmp_path):
    colour_model(tmp_path / "colour.onnx")
    classifier = Classifier(write_recipe(tmp_path, classes=["worn", "banner", "other"]))
    assert classifier.scores_of(RED)[Style.WORN] > 0.99
    assert classifier.scores_of(GREEN)[Style.BANNER] > 0.99
    assert max(classifier.scores_of(BLUE).values()) < 0.01
    assert set(classifier.scores_of(BLUE)) == {Style.WORN, Style.BANNER}


def test_the_centre_of_a_long_image_is_asked_about_or_all_of_it(tmp_path):
    colour_model(tmp_path / "colour.onnx")
    tall = np.concatenate([GREEN, RED[:30], GREEN])
    shares = {
        crop: Classifier(write_recipe(tmp_path, classes=["worn", "banner", "other"], crop=crop)).scores_of(
            tall
        )
        for crop in ("centre", "squeeze")
    }
    assert shares["centre"][Style.WORN] > 0.99
    assert shares["squeeze"][Style.BANNER] > 0.9


def test_zero_shot_prompts_are_weighed_by_likeness_to_the_image(tmp_path):
    classifier = Classifier(zero_shot(tmp_path))
    assert classifier.scores_of(RED)[Style.WORN] == pytest.approx(1, abs=1e-3)
    assert classifier.scores_of(GREEN)[Style.FLAT] == pytest.approx(1, abs=1e-3)
    assert max(classifier.scores_of(BLUE).values()) < 0.01


def test_a_classifiers_scores_take_the_place_of_the_rules_and_the_rest_is_flat():
    own = dict.fromkeys(Style, 0.25)
    assert merged(own, {Style.WORN: 0.9})[Style.FLAT] == pytest.approx(0.1)
    assert merged(own, {Style.WORN: 0.9, Style.FLAT: 0.7})[Style.FLAT] == 0.7
    assert merged(own, {Style.WORN: 0.9})[Style.BANNER] == 0.25


def test_another_model_or_prompt_is_another_classifier(tmp_path):
    recipe = zero_shot(tmp_path)
    before = recipe_hashes(recipe)
    colour_model(tmp_path / "colour.onnx", gain=3.0)
    assert recipe_hashes(recipe) != before
    after = recipe_hashes(recipe)
    recipe.write_text(recipe.read_text().replace("a green one", "a green top"))
    assert recipe_hashes(recipe) != after


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "give either classes or text"),
        ({"classes": ["worn", "banner"]}, "gives 3 scores, but classes has 2 names: give one name per score"),
        ({"classes": ["vest"]}, 'is "vest": give worn'),
        ({"classes": ["worn"], "deviation": [0.0, 1.0, 1.0]}, "deviation: give more than 0"),
        ({"classes": ["worn"], "model": "none.onnx"}, "none.onnx: add it, or leave the parameter that names"),
        ({"classes": ["worn"], "model": "recipe.yaml"}, "give an ONNX model"),
        ({"classes": ["worn"], "side": 9}, "cannot be run"),
        ({"classes": ["worn"], "output": "nothing"}, "cannot be run"),
        ({"classes": ["worn"], "sides": 9}, "did you mean side?"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(tmp_path, changes, said):
    colour_model(tmp_path / "colour.onnx")
    with pytest.raises(UserError, match=r"recipe\.yaml|none\.onnx") as error:
        Classifier(write_recipe(tmp_path, **changes)).scores_of(RED)
    assert said in str(error.value)


def test_a_tokenizer_that_is_none_is_named(tmp_path):
    recipe = zero_shot(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"tokenizer\.json cannot be read as a tokenizer"):
        Classifier(recipe)
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(MOST_TEXT + 1)
    with pytest.raises(UserError, match=r"tokenizer\.json holds more than .*: move it away"):
        Classifier(recipe)


@pytest.mark.parametrize("gain", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["classes", "text"])
def test_scores_that_are_not_finite_are_an_error_that_names_the_recipe(tmp_path, gain, kind):
    classes = ["worn", "flat", "other"]
    recipe = zero_shot(tmp_path) if kind == "text" else write_recipe(tmp_path, classes=classes)
    colour_model(tmp_path / "colour.onnx", gain=gain)
    with pytest.raises(UserError, match=r"recipe\.yaml gives scores that are not finite \(.*: correct the"):
        Classifier(recipe).scores_of(RED)
