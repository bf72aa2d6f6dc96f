"""The commands of `python -m evaluate`, most of them in this process."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[2]
COLUMNS = ["SWDx1e3_32", "SWDx1e3_16", "SWDx1e3_avg"]
FORMS = ("imagefolder", "webdataset", "parquet")


def _folder(path, images):
    path.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image).save(path / f"{index}.png")
    return path


def test_the_commands_write_their_numbers(evaluate, write_network, tmp_path, dataset):
    facts, sheet = tmp_path / "facts.json", tmp_path / "sheet.png"
    printed = evaluate(
        "copies", dataset.folder, dataset.folder, "--images", 9, "--sheet", sheet, "--json", facts
    )
    assert json.loads(facts.read_text())["near"] == 9
    assert sheet.is_file()
    for _ in range(2):  # a report of the same command is replaced
        facts = tmp_path / "variation.json"
        printed = evaluate("variation", dataset.folder, "--pairs", 5, "--json", facts)
    assert "5 pairs" in printed
    assert 0 < json.loads(facts.read_text())["value"] < 1
    network, facts = write_network("pt"), tmp_path / "features.json"
    printed = evaluate("features", dataset.folder, dataset.folder, "--network", network, "--json", facts)
    found = json.loads(facts.read_text())
    assert (found["images"], found["precision"], found["coverage"]) == (64, 1, 1)
    assert found["kid_low"] < found["kid"] < found["kid_high"]
    assert f"{found['kid_low']:.4f} to {found['kid_high']:.4f}" in printed
    assert found["fid"] == pytest.approx(0, abs=1e-6)
    assert found["fid_real"] > 1  # of 32 images against 32 others
    assert found["fid_real_images"] == 32
    assert not found["heavy_tails"]
    assert "fid_real " in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["features", "{data}", "{data}", "--network", "weights.pt"], "no feature network at weights.pt"),
        (
            ["features", "{data}", "{data}", "--network", "weights.pt", "--pixels", "-1..1"],
            "no feature network at weights.pt",
        ),
        (["copies", "{data}", "{data}", "--images", "0"], "--images 0: give 1 or more"),
        (["variation", "{data}", "--pairs", "-3"], "--pairs -3: give 1 or more"),
        (["{data}", "--workers", "0"], "--workers 0: give 1 or more"),
        (["{data}", "--seed", "-1"], "--seed -1: give 0 or more"),
        (
            ["{data}", "--store", "/proc/1/x"],
            "--store /proc/1/x: you may not write in /proc/1: give another place",
        ),
        (["{data}", "--store", "{data}/index.json"], "index.json: this is a file: give a folder"),
    ],
)
def test_wrong_options_are_one_clear_line(evaluate, dataset, arguments, says):
    with pytest.raises(UserError, match=re.escape(says)) as raised:
        evaluate(*(part.format(data=dataset.folder) for part in arguments))
    assert len(str(raised.value).splitlines()) == 1


def test_a_comparison_is_written_in_every_form(evaluate, tmp_path, dataset, make_images):
    folder = _folder(tmp_path / "<images>", make_images(12, 32, 3))
    outputs = [tmp_path / f"table.{kind}" for kind in ("json", "csv", "html")]
    options = [word for path in outputs for word in (f"--{path.suffix[1:]}", path)]
    printed = evaluate(dataset.folder, folder, *options)
    facts = json.loads(outputs[0].read_text())
    assert (facts["images"], facts["seed"]) == (12, 0)
    assert [row["level"] for row in facts["levels"]] == ["32", "16", "avg"]
    with outputs[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, fact in zip(rows, facts["levels"], strict=True):
        assert {name: str(value) for name, value in fact.items()} == row
        assert fact["low"] < fact["distance"] < fact["high"]
        assert fact["ratio"] == pytest.approx(fact["distance"] / fact["floor"], rel=1e-3)
        assert f"{fact['distance']:.4f}" in printed
        assert f"{fact['distance']:.4f}" in outputs[2].read_text()
    assert {row["floor_kind"] for row in rows} == {"disjoint"}
    page = outputs[2].read_text()
    assert "&lt;images&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_outside_the_repository_the_shipped_preset_is_used_and_the_users_cache(tmp_path, make_images):
    folder = _folder(tmp_path / "images", make_images(6, 32, 3))
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ended = subprocess.run(
        [sys.executable, "-m", "evaluate", folder, folder, "--no-floor"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert "no params.yaml here: taking section evaluate from the preset paper" in ended.stderr
    assert "6 images per set" in ended.stdout
    assert (tmp_path / "cache/fashion-pggan/evaluate").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "images"]


def test_one_set_alone_is_held_against_its_other_half(evaluate, dataset):
    printed = evaluate(dataset.folder, "--seed", 3)
    assert "32 images per set, seed 3" in printed
    assert "two random halves of one set: this distance is the floor at 32 images" in printed


def test_any_two_folders_or_datasets_can_be_compared(evaluate, tmp_path, dataset, make_images):
    folder = _folder(tmp_path / "images", make_images(12, 32, 3))
    printed = evaluate(folder, dataset.folder)
    header, row, interval, *_ = printed.splitlines()
    assert header.split() == COLUMNS
    assert row.split()[0] == "distance"
    ends = [map(float, pair.split("\u2013")) for pair in interval.split()]
    for value, (low, high) in zip(row.split()[1:], ends, strict=True):
        assert 0 < low < float(value) < high
    assert "12 images per set, seed 0; lower is better" in printed
    assert "12 and 64 images were cut to 12 per set" in printed


def test_an_image_that_does_not_fit_is_named(tmp_path, make_images):
    folder = _folder(tmp_path / "images", make_images(3, 32, 3))
    Image.new("RGB", (32, 20)).save(folder / "wide.png")
    command = [sys.executable, "-m", "evaluate", folder, folder, "--store", tmp_path / "store"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "wide.png is 32 x 20 px, not square: give --size, which makes squares" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "nowhere"], "no folder at nowhere"),
        (["{empty}", "{empty}"], "no images in"),
        (["{empty}", "{empty}", "--images", "0"], "--images 0: give 1 or more"),
        (["snapshots", "{empty}", "{empty}", "{empty}"], "no dataset in"),
    ],
)
def test_bad_input_is_one_clear_line(evaluate, tmp_path, arguments, says):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=re.escape(says)) as raised:
        evaluate(*(part.format(empty=empty) for part in arguments))
    assert len(str(raised.value).splitlines()) == 1


def test_a_dataset_and_what_was_generated_are_compared_by_one_command(evaluate, dataset, generated):
    printed = {evaluate(dataset.folder, generated / form) for form in FORMS}
    assert len(printed) == 1
    assert "12 images per set" in printed.pop()
