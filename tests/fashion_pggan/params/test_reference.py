"""The parameters' reference: every parameter, with what a reader needs."""

from pathlib import Path

import yaml

from fashion_pggan.params.reference import Row, rows

REPOSITORY = Path(__file__).parents[3]


def test_every_parameter_is_there_in_the_order_of_params_yaml_with_its_values_and_a_meaning() -> None:
    values = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    paper = yaml.safe_load((REPOSITORY / "presets/paper.yaml").read_text(encoding="utf-8"))
    expected = {(section, name): value for section, part in values.items() for name, value in part.items()}
    found = {(row.section, row.name): row.demo for row in rows()}
    assert found == expected
    for row in rows():
        assert row.paper == paper[row.section][row.name]
        assert row.meaning, row.name
        assert row.type, row.name


def test_units_ranges_and_choices_are_words() -> None:
    found = {f"{row.section}.{row.name}": row for row in rows()}
    assert found["curate.near_bits"][5:7] == ("bits of 256", "≥ 0, ≤ 64")
    assert found["train.fade_kimg"] == Row(
        *("train", "fade_kimg", "number", 3.0, 600.0, "thousand images", "> 0"),
        meaning="for each transition to the next resolution",
        changed="another run",
    )
    assert found["train.microbatch"].changed == "resumes on request"
    assert found["train.log_kimg"].changed == "the same run"
    assert found["curate.near_bits"].changed == ""
    assert found["train.minibatch"][2] == "whole number by whole number"
    assert found["train.minibatch"][5] == "images a step"
    assert found["curate.styles"][6] == "`worn`, `mannequin`, `flat`, `several`, `close_up`, `banner`"
    assert found["generate.seed"].range == f"≥ 0, ≤ {2**53 - 1:,}"
    assert {row.unit for row in found.values() if row.name.endswith("_s") and row.name != "calls_per_s"} == {
        "seconds"
    }
