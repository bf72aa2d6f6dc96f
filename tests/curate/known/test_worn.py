"""Who says what is worn is recorded, and another one looks at the images without measuring the rest again."""

import json
from dataclasses import asdict

import pyarrow.parquet as pq
import pytest

from curate.known import asked, worn
from curate.people.seen import People, worn_of
from curate.weights.installed import Lacking
from fashion_pggan.errors import UserError

NETWORKS = "mediapipe 0.10.21, ai-edge-litert 2.3.0"
SOMEBODY = People(person_score=5.0, hand_score=5.0, second_person_score=-5.0)
NOBODY = People(person_score=-5.0, hand_score=-5.0, second_person_score=-9.0)


@pytest.fixture
def networks(monkeypatch):
    """Stand-ins for the networks: they see somebody in images that are wider than high."""

    def look(pixels, networks):
        assert networks == NETWORKS
        return SOMEBODY if pixels.shape[1] > pixels.shape[0] else NOBODY

    monkeypatch.setattr(worn, "lacking", lambda: None)
    monkeypatch.setattr(worn, "installed", lambda: NETWORKS)
    monkeypatch.setattr(worn, "FILES", ())
    monkeypatch.setattr(asked, "people_in", look)


def test_a_square_around_the_upper_body_needs_the_networks(params, monkeypatch):
    monkeypatch.setattr(worn, "lacking", lambda: Lacking("there is nothing in /cache", "models fetch"))
    top = params.model_copy(update={"crop": "top", "people": "auto"})
    with pytest.raises(
        UserError, match=r"curate\.crop is top, but there is nothing in /cache: run models fetch"
    ):
        worn.networks_of(top)
    with pytest.raises(UserError, match=r"curate\.crop is top, which needs .*: set curate\.crop to garment"):
        worn.networks_of(top.model_copy(update={"people": "rules"}))


@pytest.fixture
def curated(wild, tmp_path, params, run):
    """The figures of a run, and what it measured, by SHA-256."""

    def curate(**changes):
        run(
            wild,
            tmp_path / "out",
            params.model_copy(update={"measure": "all"} | changes),
            report=tmp_path / "curate.json",
        )
        measures = pq.read_table(tmp_path / "out/measures.parquet").to_pylist()
        return json.loads((tmp_path / "curate.json").read_text()), {row["sha256"]: row for row in measures}

    return curate


def test_networks_that_come_later_look_at_each_image_once_and_nothing_else_is_done_again(curated, networks):
    _, by_rules = curated(people="rules")
    figures, measured = curated(people="auto")
    with_pixels = [name for name, row in measured.items() if row["pixels_hash"]]
    assert (figures["decoded"], figures["worn_by"]) == (len(with_pixels), NETWORKS)
    assert curated(people="detector")[0]["decoded"] == 0
    changed = {
        "style",
        "person_score",
        "hand_score",
        "second_person_score",
        "style_worn",
        "style_several",
        "style_flat",
        *(f"torso_{name}" for name in ("left", "top", "width", "height")),
    }
    for name, row in measured.items():
        assert {key for key in row if row[key] != by_rules[name][key]} <= changed
    assert curated(people="rules")[1] == by_rules
    assert curated(people="rules")[0]["decoded"] == 0


def test_a_fresh_run_with_networks_decodes_each_file_once(curated, networks, made, tmp_path):
    figures, measured = curated(people="auto", min_side=40)
    assert figures["decoded"] == json.loads((made / "curate.json").read_text())["decoded"]
    seen = [row for row in measured.values() if row["pixels_hash"]]
    assert {row["style"] == "worn" for row in seen if row["width"] > row["height"]} == {True}
    assert {row["style_worn"] for row in seen} == {worn_of(SOMEBODY), worn_of(NOBODY)}
    assert f"Worn garments are recognised by: {NETWORKS}." in (tmp_path / "out/datasheet.md").read_text()


def test_scores_of_a_classifier_stay_what_they_are(curated):
    """Networks replace the score of the rules alone."""
    facts = next(row for row in curated()[1].values() if row["pixels_hash"])
    seen = facts | asdict(SOMEBODY)
    assert worn.styled(seen)["style"] == "worn"
    assert worn.styled(seen)["style_flat"] == pytest.approx(1 - worn_of(SOMEBODY))
    assert worn.styled(seen | {"classifier_flat": 0.7})["style_flat"] == 0.7
    assert worn.styled(facts) == {name: value for name, value in facts.items() if name.startswith("style")}
    assert worn.styled(facts | {"faces": None}) == {}


def test_without_the_networks_rules_speak_and_one_line_says_so_where_it_matters(params, monkeypatch, caplog):
    monkeypatch.setattr(worn, "lacking", lambda: Lacking("they are not there", "fashion-pggan models fetch"))
    auto = params.model_copy(update={"people": "auto"})
    worn.warn(auto)
    assert (worn.detector_of(auto), caplog.text) == ("rules", "")
    for used in ({"styles": ["flat"]}, {"max_scores": {"worn": 0.5}}):
        caplog.clear()
        worn.warn(auto.model_copy(update=used))
        (line,) = caplog.messages
        assert line.endswith("miss half of it (they are not there): run fashion-pggan models fetch")
    caplog.clear()
    worn.warn(params.model_copy(update={"people": "rules", "styles": ["flat"]}))
    assert not caplog.messages
    with pytest.raises(UserError, match=r"^curate\.people is detector, but they are not there: run fashion"):
        worn.networks_of(params.model_copy(update={"people": "detector"}))
