"""What the header rules out is not decoded, until other parameters want it; the result is a fresh run's."""

import hashlib

import pytest

from curate.facts import image_facts
from curate.known.examine import examine
from curate.pixels.failure import Failure


@pytest.mark.parametrize(
    "changes",
    [
        {"min_side": 91},
        {"min_side": 40},
        {"max_aspect": 1.2},
        {"max_pixels": 120 * 90 - 1, "min_side": 20, "resolution": 16},
    ],
)
def test_other_rules_on_the_header_give_what_a_fresh_run_gives(
    wild, known, tmp_path, params, run, tree, make_image, changes
):
    raw = tmp_path / "raw"
    raw.mkdir()
    for path in wild.glob("*.*"):
        (raw / path.name).write_bytes(path.read_bytes())
    make_image(100, 95, seed=50).save(raw / "another.png")
    run(raw, tmp_path / "out", params)
    changed = params.model_copy(update=changes)
    for _ in range(2):
        run(raw, tmp_path / "out", changed)
    run(raw, tmp_path / "fresh", changed, knowledge=tmp_path / "nothing known")
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


@pytest.mark.parametrize(("size", "decoded"), [((64, 64), 1), ((63, 64), 0), ((64, 160), 1), ((64, 161), 0)])
def test_an_image_that_its_header_drops_is_not_decoded(
    tmp_path, params, make_image, encode, monkeypatch, size, decoded
):
    calls = []
    decode = image_facts.decode
    monkeypatch.setattr(image_facts, "decode", lambda opened: calls.append(1) or decode(opened))
    path = tmp_path / "image.png"
    path.write_bytes(encode(make_image(*size)))
    found = examine(path, params)
    assert (len(calls), found.levels is not None) == (decoded, bool(decoded))
    assert (found.facts["failure"], found.facts["width"]) == ("", size[0])
    assert found.facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_damage_is_found_where_the_header_leaves_the_decision_open(tmp_path, params, make_image, encode):
    for side, failure in ((64, Failure.TRUNCATED), (63, "")):
        path = tmp_path / f"{side}.jpg"
        path.write_bytes(encode(make_image(side, side, seed=5), "JPEG")[:-300])
        assert examine(path, params).facts["failure"] == failure
