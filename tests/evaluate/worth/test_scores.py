import json
import re

import numpy as np
import pytest

from evaluate.comparison.cache import Store
from evaluate.report.worth_verdict import worth_verdict
from evaluate.worth import trials
from evaluate.worth.measured import measure_scores
from evaluate.worth.scores_text import scores_text
from fashion_pggan.distance.work import Work
from tests.evaluate.worth.stripes import LABELS, StripeSampler, stripes


@pytest.fixture(scope="module")
def toy(tmp_path_factory, write_dataset):
    random = np.random.default_rng(0)
    labels = [LABELS[place % 2] for place in range(160)]
    images = np.stack([stripes(label, random) for label in labels])
    return write_dataset(tmp_path_factory.mktemp("toy") / "curated", images, range(0, 160, 3), 0.3, labels)


@pytest.fixture
def measure(toy, params, tmp_path):
    """Measure the toy with a generator, or None."""

    def run(sampler, dataset=None, **changes):
        changed = params.model_copy(
            update={"classifier_seeds": 3, "classifier_kimg": 0.32, "classifier_shares": [0.1], **changes}
        )
        return measure_scores(
            dataset or toy, sampler, changed, mirror=False, store=Store(tmp_path / "store"), work=Work(2)
        )

    return run


@pytest.mark.slow
def test_a_generator_that_obeys_its_labels_is_worth_much_and_one_that_ignores_them_nothing(measure):
    obeys, ignores = (
        measure(StripeSampler(obeys=obeys), classifier_kimg=2.4, classifier_seeds=4)
        for obeys in (True, False)
    )
    assert obeys.real.balanced.value > 0.9
    assert obeys.generated.balanced.value > 0.9
    assert obeys.of_generated.balanced.value > 0.9
    assert obeys.kept.value == pytest.approx(1, abs=0.15)
    assert abs(ignores.generated.balanced.value - 0.5) < 0.2
    assert abs(ignores.of_generated.balanced.value - 0.5) < 0.15
    assert ignores.real.balanced.value == obeys.real.balanced.value
    assert worth_verdict(obeys.facts()).state == "good"
    assert worth_verdict(ignores.facts()).state == "bad"


def test_every_row_has_scores_and_all_of_it_is_json_without_holes(measure):
    scores = measure(StripeSampler(obeys=True))
    names = [score.name for score in scores.rows]
    assert names == [
        *("real to real", "GAN-train", "GAN-test"),
        *("10% real", "10% real + generated", "100% real + generated"),
    ]
    json.dumps({**scores.facts(), **scores.table()}, allow_nan=False)
    facts = scores.facts()
    assert facts["gan_train"]["trained_on"].endswith(" generated")
    assert set(facts["added"]) == {"0.1", "1"}
    counts = sum(len(mine) for mine in scores.parts.training.values())
    assert f"{counts} real + {counts} generated" in scores_text(scores)
    held_out = [len(mine) for mine in scores.parts.held_out.values()]
    assert scores.generated.total.sum(axis=1).tolist() == [3 * count for count in held_out]


def test_no_classifier_is_trained_twice_and_equal_seeds_give_equal_scores(measure, monkeypatch, tmp_path):
    first = measure(StripeSampler(obeys=True))
    once = [path.read_bytes() for path in sorted((tmp_path / "store/rows").iterdir())]
    for path in sorted((tmp_path / "store/rows").iterdir())[:3]:
        path.unlink()
    again = measure(StripeSampler(obeys=True))
    assert [path.read_bytes() for path in sorted((tmp_path / "store/rows").iterdir())] == once
    monkeypatch.setattr(trials, "trained", None)
    assert measure(StripeSampler(obeys=True)).table() == again.table() == first.table()


def test_without_a_generator_the_real_images_are_measured_alone(measure):
    scores = measure(None)
    assert [score.name for score in scores.rows] == ["real to real", "10% real"]
    assert (scores.generated, scores.kept, scores.worst, scores.added) == (None, None, None, [])
    assert "real to real: on" in scores_text(scores)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classifier_seeds": 0}, r"evaluate\.classifier_seeds is 0"),
        (
            {"label_fewest": 40},
            r"0 of the labels lying, standing .*lying: \d+ for training, \d+ held out",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(measure, changes, says):
    assert re.search(says, measure(StripeSampler(obeys=True), **changes))


def test_generated_images_are_reduced_by_the_means_of_squares():
    images = np.zeros((1, 4, 4, 3), np.uint8)
    images[0, :2, :2] = [[[10] * 3, [20] * 3], [[30] * 3, [41] * 3]]
    assert trials.shrunk(images, 2)[0, :, :, 0].tolist() == [[25, 0], [0, 0]]
    assert (trials.shrunk(images, 4) == images).all()
