"""Generators that fool a distance, by the whole stage: the state of each verdict, and the first line."""

import json
import re
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from demo_shop.draw.scene import draw
from demo_shop.draw.sketch import sketch_of
from evaluate import stage
from evaluate.comparison.cache import Store
from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.work import Work
from fashion_pggan.params import load_params
from tests.evaluate.conftest import REPOSITORY
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, snapshot_path, write_snapshot

pytestmark = pytest.mark.slow

IMAGES = 128  # per set
REALS = 2 * IMAGES
SIDE = 32
NEAR, COPY, COLOUR, VARIED = (
    "How far from the real images?",
    "Does it copy training images?",
    "Are its colours and its contrast right?",
    "Do its images vary?",
)

LIKE_REAL = ("held-out images", "training", "shifted", "pasted", "32, 8 times each")  # in colour


@pytest.fixture(scope="module")
def garments():
    """Drawn garments, the first of each product: (n, 32, 32, 3). The first `REALS` are for training."""
    found, number = [], 0
    while len(found) < 2 * REALS:
        sketch = sketch_of(number)
        number += 1
        if not sketch.fault and sketch.image_index == number - 1:
            pixels = draw(sketch)[..., :3]
            found.append(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    return np.stack(found)


@pytest.fixture(scope="module")
def judged(tmp_path_factory, garments, write_dataset):
    """A function: generated images in, the evaluation of a snapshot that makes them out."""
    folder = tmp_path_factory.mktemp("fooled")
    dataset = write_dataset(folder / "curated", garments[:REALS])
    params = load_params(REPOSITORY / "params.yaml").evaluate.model_copy(
        update={"images": IMAGES, "copies_images": IMAGES, "variation_pairs": 64}
    )

    def judge(*generators, name):
        out = folder / name
        for place in range(len(generators)):
            origin = Origin(1.0 + place, 0.0, "params", dataset.version, "commit")
            network = Generator(Architecture(SIDE, 8, 64, 8))
            write_snapshot(snapshot_path(out / "models/snapshots", 1000 * (place + 1)), network, origin)

        def made(sampler, seed, count):
            images = generators[round(sampler.kimg) - 1]
            return ImageSet("fakes", count, SIDE, lambda indices: images[np.array(indices) % len(images)])

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("evaluate.comparison.snapshots.of_snapshot", made)
            patched.setattr("evaluate.stage.of_snapshot", made)
            work = Work(2)
            stage.run(
                dataset.folder, out / "models", out, params, mirror=False, store=Store(out / "s"), work=work
            )
        facts = json.loads((out / "evaluation.json").read_text())
        states = {verdict["question"]: verdict["state"] for verdict in facts["verdicts"]}
        page = (out / "report.html").read_text()
        return SimpleNamespace(first=facts["headline"], states=states, facts=facts, page=page)

    return judge


def rolled(images):
    return np.pad(images, ((0, 0), (0, 0), (2, 0), (0, 0)), mode="edge")[:, :, :SIDE]


def pasted(images, others):
    return np.concatenate([images[:, :, : SIDE // 2], others[:, :, SIDE // 2 :]], axis=2)


def contrast(images, factor):
    return (128 + factor * (images.astype(float) - 128)).round().astype(np.uint8)


def scaled(images, *factors):
    return (images * factors).round().astype(np.uint8)


def noise(images):
    return np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "first", "states"),
    [
        ("training", "bad: 128 of 128 generated images are copies of training images", {COPY: "bad"}),
        ("shifted", "bad: .* altered copies of training images", {COPY: "bad"}),
        ("pasted", "bad: .* altered copies of training images", {COPY: "bad"}),
        ("one training image", "bad: 128 of 128 generated images are copies", {COPY: "bad", VARIED: "bad"}),
        ("one", "bad: 1 of 128 generated images are distinct", {VARIED: "bad", NEAR: "look"}),
        ("32, 8 times each", "bad: 32 of 128 generated images are distinct", {VARIED: "bad", NEAR: "look"}),
        ("contrast", "look at it: less contrast", {COLOUR: "look", COPY: "note", VARIED: "note"}),
        ("cast", "look at it: less contrast .* another cast", {COLOUR: "look", COPY: "note", VARIED: "note"}),
        ("dark", "look at it: .* darker", {COLOUR: "look", COPY: "note", VARIED: "note"}),
        ("noise", "look at it: distance .* times the floor", {NEAR: "look", COPY: "note"}),
        ("grey", "bad: 1 of 128 generated images are distinct", {VARIED: "bad", NEAR: "look", COPY: "note"}),
        (
            "held-out images",
            "good: as near as real images are",
            {NEAR: "good", COPY: "note", COLOUR: "good", VARIED: "good"},
        ),
    ],
)
def test_the_first_line_and_the_verdicts_name_what_is_wrong(judged, garments, name, first, states):
    training, held_out = garments[:REALS], garments[REALS:]
    images = {
        "training": training,
        "shifted": rolled(training),
        "pasted": pasted(training, held_out),
        "one training image": training[:1],
        "one": held_out[:1],
        "32, 8 times each": held_out[:32],
        "contrast": contrast(held_out, 0.4),
        "cast": scaled(held_out, 0.3, 1, 0.5),
        "dark": scaled(held_out, 0.6, 0.6, 0.6),
        "noise": noise(held_out),
        "grey": np.full_like(held_out[:1], 128),
        "held-out images": held_out,
    }[name]
    found = judged(images, name=name)
    assert re.match(first, found.first)
    assert f"<h1>{found.first[0].upper()}{found.first[1:]}" in found.page
    assert {question: found.states[question] for question in states} == states
    coloured, floor = (found.facts["colours_too"][each]["SWDx1e3_avg"] for each in ("distance", "floor"))
    assert (coloured["low"] > floor["high"]) == (name not in LIKE_REAL), "colour and contrast counted"


def test_the_best_of_equal_snapshots_is_no_better_than_the_others(judged, garments):
    held_out = garments[REALS:]
    draws = [held_out[np.random.default_rng(place).permutation(REALS)] for place in range(8)]
    found = judged(*draws, name="equal")
    averages = [row["columns"]["SWDx1e3_avg"]["value"] for row in found.facts["rows"]]
    again = found.facts["best_again"]["columns"]["SWDx1e3_avg"]["value"]
    assert min(averages) < again
    assert found.facts["runner_up"] is not None
    assert found.states[NEAR] in ("good", "note")
    assert found.first.startswith(("good", "to know"))
