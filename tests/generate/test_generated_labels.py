"""Images of a snapshot with labels: which label each has, and images of one label alone."""

import json
import re
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.images.reading import files_in
from fashion_pggan.params.preset import SHIPPED, preset_text, with_settings
from generate import stage
from generate.checks.selection import Candidate
from generate.commands import section_of
from generate.options import Settings
from generate.sampling.latents import directions_of
from generate.sampling.recipe import Place, read_recipe
from generate.sampling.sampler import Sampler, snapshots_in
from tests.generate.small import PARAMS, rows_of, with_
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, read_header, snapshot_path, write_snapshot

LABELS = {"hoodie": 0.25, "shirt": 0.75}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    torch.manual_seed(0)
    generator = Generator(Architecture(16, 8, 64, 8, label_size=2))
    origin = Origin(12.0, 0.0, "params", "dataset", "commit", LABELS)
    write_snapshot(snapshot_path(folder / "snapshots", 12_000), generator, origin)
    return folder


@pytest.fixture
def sampler(labelled):
    return Sampler.load(snapshots_in(labelled)[-1])


def test_a_snapshot_knows_its_labels_and_one_without_them_says_nothing_of_labels(labelled, models):
    header = read_header(snapshots_in(labelled)[-1])
    assert header.origin.labels == LABELS
    assert header.architecture.label_size == 2
    plain = snapshots_in(models)[-1].read_bytes()
    assert b"label" not in plain[: int.from_bytes(plain[:8], "little") + 8]


def test_labels_are_drawn_as_often_as_in_the_data_and_the_manifest_says_them(labelled, sampler, tmp_path):
    stage.run(labelled, tmp_path / "out", with_(count=40))
    rows = rows_of(tmp_path / "out")
    assert [row["label"] for row in rows] == [sampler.label(5, index) for index in range(40)]
    assert 3 <= Counter(row["label"] for row in rows)["hoodie"] <= 18


def test_a_dataset_of_one_label_has_the_images_that_its_rows_make_again(labelled, sampler, tmp_path):
    stage.run(labelled, tmp_path / "out", with_(label="hoodie"), report=tmp_path / "generate.json")
    rows = rows_of(tmp_path / "out")
    assert {row["label"] for row in rows} == {"hoodie"}
    assert json.loads((tmp_path / "out/generated.json").read_text())["label"] == "hoodie"
    assert "label" not in json.loads((tmp_path / "generate.json").read_text())
    (tmp_path / "row.json").write_text(json.dumps(rows[3]))
    with Image.open(tmp_path / "out" / rows[3]["file_name"]) as image:
        made = read_recipe(tmp_path / "row.json").image(sampler)
        np.testing.assert_array_equal(np.asarray(image), made)
    others = sampler.of_label("shirt").images(5, [rows[3]["latent_index"]])[0]
    assert not np.array_equal(others, made)


def test_each_label_has_as_many_images_as_asked_for_in_a_folder_of_its_own(labelled, sampler, tmp_path):
    counts = {"shirt": 3, "hoodie": 9}
    assert stage.run(labelled, tmp_path / "out", with_(labels=counts, truncation=0.5)) == 12
    rows = rows_of(tmp_path / "out")
    assert [row["label"] for row in rows] == ["shirt"] * 3 + ["hoodie"] * 9
    assert [row["latent_index"] for row in rows] == [*range(12)]
    for label, count in counts.items():
        assert len([*(tmp_path / f"out/train/{label}").rglob("*.png")]) == count
    assert {row["file_name"].split("/")[1] for row in rows} == set(counts)
    facts = json.loads((tmp_path / "out/generated.json").read_text())
    assert (facts["images"], facts["labels"]) == (12, {"hoodie": 9, "shirt": 3})
    card = (tmp_path / "out/README.md").read_text()
    assert 'path: "train/**"' in card
    assert "`hoodie` 9, `shirt` 3" in card
    with Image.open(tmp_path / "out/sheet.png") as sheet:
        assert sheet.size == (8 * 16, 2 * 16)  # hoodies, then shirts
        np.testing.assert_array_equal(np.asarray(sheet)[16:, 3 * 16 :], 255)
    assert len(files_in(tmp_path / "out")) == 12
    (tmp_path / "row.json").write_text(json.dumps(rows[0]))
    with Image.open(tmp_path / "out" / rows[0]["file_name"]) as image:
        np.testing.assert_array_equal(np.asarray(image), read_recipe(tmp_path / "row.json").image(sampler))


def test_images_that_are_left_out_of_a_label_are_replaced_by_others_of_it(labelled, tmp_path):
    def kept(judge, start, images, most):
        every_other = range(0, len(images), 2)
        return [Candidate(start + place, images[place], None, None) for place in every_other][:most]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stage.Judge, "kept", kept)
        patched.setattr(stage.Judge, "rejects", True)
        stage.run(labelled, tmp_path / "out", with_(labels={"hoodie": 3, "shirt": 3}))
    rows = rows_of(tmp_path / "out")
    assert Counter(row["label"] for row in rows) == {"hoodie": 3, "shirt": 3}
    assert [row["latent_index"] for row in rows] == [0, 2, 4, 8, 10, 12]


def test_truncation_leads_to_the_mean_image_of_each_label(sampler):
    still = sampler.truncated(0.0)
    shirts, hoodies = (still.of_label(label).images(1, range(3)).astype(int) for label in ("shirt", "hoodie"))
    assert np.abs(shirts[0] - shirts[1]).mean() < np.abs(shirts[0] - hoodies[0]).mean()


@pytest.mark.parametrize("label", ["../up", "a/b", ".hidden", "", "x" * 61, "a\nb"])
def test_a_snapshot_whose_label_makes_no_folder_name_is_refused(tmp_path, label):
    torch.manual_seed(0)
    origin = Origin(12.0, 0.0, "params", "dataset", "commit", {"hoodie": 0.5, label: 0.5})
    path = snapshot_path(tmp_path / "snapshots", 12_000)
    write_snapshot(path, Generator(Architecture(16, 8, 64, 8, label_size=2)), origin)
    with pytest.raises(UserError, match="is not a snapshot of this program"):
        Sampler.load(path)


def test_a_grid_shows_the_same_latents_of_each_label(labelled, sampler, tmp_path):
    grid = ["generate", str(labelled), str(tmp_path / "grid.png"), "--grid"]
    call(*grid, "labelsx4", "--seed", "5")
    with Image.open(tmp_path / "grid.png") as image:
        assert image.size == (4 * 16, 2 * 16)
        shirt = sampler.of_label("shirt").images(5, [3])[0]
        np.testing.assert_array_equal(np.asarray(image)[16:, 48:], shirt)


def test_a_film_goes_from_one_label_to_another(labelled, sampler, tmp_path):
    film = ["generate", str(labelled), str(tmp_path / "film.webp"), "--seed", "5", "--frames", "4"]
    call(*film, "--interpolate", "3", "3", "--between", "hoodie", "shirt")
    with Image.open(tmp_path / "film.webp") as image:
        for frame, label in ((0, "hoodie"), (3, "shirt")):
            image.seek(frame)
            made = sampler.of_label(label).images(5, [3])[0].repeat(16, axis=0).repeat(16, axis=1)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), made)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--between", "a", "b"], "--between needs both ends of a film: give --interpolate, too"),
        (
            ["--interpolate", "1", "2", "--between", "hoodie", "shirt", "--label", "hoodie"],
            "--label hoodie and --between exclude each other",
        ),
        (["--label", "hoodie", "--labels.shirt", "3"], "label hoodie and labels shirt: leave one out"),
        (["--labels.knit", "3"], "no label 'knit' in this snapshot"),
        (["--labels.shirt", "0"], "--labels shirt 0"),
        (["--count", "3", "--labels.shirt", "3"], "--count and --labels exclude each other"),
        (["--grid", "labelsx4", "--label", "shirt"], "--grid labelsx4 shows all labels, not shirt alone"),
        (["--grid", "0x4"], "give rows and columns, such as 4x8 or labelsx8"),
    ],
)
def test_options_of_labels_that_do_not_fit_are_refused(labelled, tmp_path, options, said):
    with pytest.raises(UserError, match=re.escape(said)):
        call("generate", str(labelled), str(tmp_path / "out.webp"), *options)
    assert not (tmp_path / "out.webp").exists()


def test_a_count_on_the_command_line_goes_before_the_labels_of_the_parameters(tmp_path):
    text = preset_text(SHIPPED, "demo")
    (tmp_path / "params.yaml").write_text(with_settings(text, {("generate", "labels"): {"shirt": 60}}))
    found = section_of(tmp_path / "params.yaml", Settings(count=4))
    assert (found.total, found.labels) == (4, {})
    assert section_of(tmp_path / "params.yaml", Settings()).total == 60


def test_a_grid_by_label_of_a_snapshot_without_labels_is_refused(models, tmp_path):
    with pytest.raises(UserError, match="this snapshot has no labels: give --grid ROWSxCOLUMNS"):
        call("generate", str(models), str(tmp_path / "grid.png"), "--grid", "labelsx4")


def test_a_place_on_the_way_has_the_label_of_each_end(sampler):
    place = Place(seed=1, latent_index=2, other_index=3, share=0.25, label="hoodie", other_label="shirt")
    assert place.latent(sampler)[8:].tolist() == [0.75, 0.25]
    same = Place(seed=1, latent_index=2, other_index=3, share=0.25, label="hoodie")
    assert same.latent(sampler)[8:].tolist() == [1.0, 0.0]


def test_a_label_that_the_training_had_not_is_refused(labelled, models, tmp_path):
    with pytest.raises(UserError, match=r"no label 'knit' .* give one of its labels \(hoodie, shirt\)"):
        stage.run(labelled, tmp_path / "out", with_(label="knit"))
    with pytest.raises(UserError, match=r"no label 'knit' .* \(none\)"):
        stage.run(models, tmp_path / "out", with_(label="knit"))
    assert not (tmp_path / "out").exists()


def test_without_labels_nothing_written_speaks_of_them(models, tmp_path):
    stage.run(models, tmp_path / "out", PARAMS)
    assert "label" not in rows_of(tmp_path / "out")[0]
    assert "label" not in json.loads((tmp_path / "out/generated.json").read_text())


def test_a_way_between_two_labels_mixes_them_along_the_line(sampler):
    first = sampler.of_label("hoodie").latents(1, [0])[0]
    second = sampler.of_label("shirt").latents(1, [1])[0]
    quarter = sampler.between(first, second, 0.25)
    assert quarter[8:].tolist() == [0.75, 0.25]
    assert torch.equal(sampler.between(first, second, 0.0), first)
    assert torch.equal(sampler.between(first, second, 1.0), second)


def test_moves_along_directions_leave_the_label(sampler):
    place = Place(seed=1, latent_index=2, moves=[0.5, -0.5])
    start = sampler.latents(1, [2])[0]
    assert torch.equal(place.latent(sampler)[8:], start[8:])
    assert not torch.equal(place.latent(sampler)[:8], start[:8])
    assert directions_of(sampler.generator).vectors.shape[1] == 8
