import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from generate import stage
from generate.sampling.recipe import read_recipe
from generate.sampling.sampler import Sampler, snapshots_in

REPOSITORY = Path(__file__).parents[2]
PARAMS = load_params(REPOSITORY / "params.yaml").generate.model_copy(
    update={"count": 10, "seed": 5, "minibatch": 4}
)


def with_(**changes):
    return PARAMS.model_copy(update=changes)


def test_a_latent_depends_on_its_seed_and_index_alone(models):
    sampler = Sampler.load(snapshots_in(models)[-1])
    torch.testing.assert_close(sampler.latents(1, [7, 3])[1], sampler.latents(1, range(5))[3], rtol=0, atol=0)
    assert not torch.equal(sampler.latents(1, [0]), sampler.latents(2, [0]))


def test_images_are_quantised_as_published(models):
    sampler = Sampler.load(snapshots_in(models)[-1])
    with torch.no_grad():
        raw = sampler.generator(sampler.latents(1, range(6)), 0.0)
    expected = np.clip(np.rint(raw.double().numpy() * 127.5 + 127.5), 0, 255).transpose(0, 2, 3, 1)
    images = sampler.images(1, range(6))
    assert images.dtype == np.uint8
    np.testing.assert_allclose(images.astype(float), expected, atol=1)  # float32 may round a tie otherwise
    assert (images == expected).mean() > 0.999


def test_a_snapshot_taken_while_growing_is_repeated_up_to_the_final_resolution(models):
    images = Sampler.load(snapshots_in(models)[0]).images(1, range(2))
    assert images.shape == (2, 16, 16, 3)
    np.testing.assert_array_equal(images[:, ::2, ::2], images[:, 1::2, 1::2])


def rows_of(folder):
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_stage_writes_images_that_can_be_made_again_from_their_rows(models, tmp_path):
    assert stage.run(models, tmp_path / "out", PARAMS, report=tmp_path / "generate.json") == 10
    rows = rows_of(tmp_path / "out")
    assert [row["latent_index"] for row in rows] == list(range(10))
    row = rows[7]
    assert (row["snapshot"], row["kimg"], row["params_hash"]) == ("000012.000", 12.0, "params")
    assert row["nearest_distance"] is None
    (tmp_path / "row.json").write_text(json.dumps(row))
    recipe = read_recipe(tmp_path / "row.json")
    sampler = Sampler.load(models / f"snapshots/{row['snapshot']}.safetensors")
    recipe.check(sampler)
    with Image.open(tmp_path / "out" / row["file_name"]) as image:
        np.testing.assert_array_equal(np.asarray(image), recipe.image(sampler))
    facts = json.loads((tmp_path / "generate.json").read_text())
    assert (facts["images"], facts["kimg"], facts["seed"]) == (10, 12.0, 5)
    assert all(isinstance(value, int | float) for value in facts.values())
    assert json.loads((tmp_path / "out/generated.json").read_text())["snapshot"] == "000012.000"
    assert "training dataset was not given" in (tmp_path / "out/README.md").read_text()


def test_bytes_depend_neither_on_the_minibatch_nor_on_the_number_of_threads(models, tmp_path):
    stage.run(models, tmp_path / "a", PARAMS)
    stage.run(models, tmp_path / "b", with_(minibatch=7))
    command = [
        sys.executable,
        "-m",
        "generate",
        str(models),
        str(tmp_path / "c"),
        "--count",
        "10",
        "--seed",
        "5",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "3"}
    subprocess.run([*command, "--device", "cpu"], cwd=REPOSITORY, check=True, timeout=60, env=environment)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b") == files_of(tmp_path / "c")


def test_the_same_seed_gives_the_same_bytes_and_leaves_nothing_of_an_earlier_set(models, tmp_path):
    stage.run(models, tmp_path / "a", PARAMS.model_copy(update={"count": 12}))
    stage.run(models, tmp_path / "a", PARAMS)
    stage.run(models, tmp_path / "b", PARAMS)
    files = [sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in "ab"]
    assert [path.relative_to(tmp_path / "a") for path in files[0]] == [
        path.relative_to(tmp_path / "b") for path in files[1]
    ]
    assert len(files[0]) == 14
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(*files, strict=True))


def test_the_command_takes_a_snapshot_a_count_and_a_seed(models, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    call("generate", str(snapshots_in(models)[0]), str(tmp_path / "out"), "--count", "3", "--seed", "9")
    rows = [json.loads(line) for line in (tmp_path / "out/metadata.jsonl").read_text().splitlines()]
    assert [(row["seed"], row["kimg"]) for row in rows] == [(9, 3.0)] * 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.safetensors", "out"], "no snapshot at nowhere.safetensors"),
        (["{empty}", "out"], "no snapshots in"),
        (["{empty}", "out", "--count", "0"], "--count"),
        (["{empty}", "out", "--truncation", "nan"], "--truncation nan"),
        (["{empty}", "out", "--seed", str(2**53)], "--seed 9007199254740992"),
        (["{empty}", "out", "--first", str(2**53 - 1), "--count", "2"], "the last latent"),
        (["{models}", "grid.jpg", "--grid", "2x2"], r"grid\.jpg: what is written is a PNG"),
        (["{models}", "way.mp4", "--interpolate", "-3", "9"], "--interpolate -3 9: give two latent indices"),
        (["{models}", "way.mp4", "--interpolate", "3", "9", "--frames", "1"], "--frames 1: give 2 to"),
        (["{empty}", "out", "--form", "zip"], "--form zip"),
        (["{empty}"], "where to write: SNAPSHOT OUT"),
        (["{empty}", "out", "--recipe", "nowhere.json"], "no recipe at nowhere.json"),
        (["{empty}", "out", "--device", "cuda:99"], "--device cuda:99: this machine has"),
    ],
)
def test_bad_input_is_one_clear_line(models, tmp_path, arguments, says, monkeypatch):
    given = [part.format(empty=tmp_path, models=models) for part in arguments]
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(UserError, match=says) as raised:
        call("generate", *given)
    assert len(str(raised.value).splitlines()) == 1


def test_outside_the_repository_the_shipped_preset_is_used(models, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level("INFO"):
        call("generate", str(models), "out", "--count", "3")
    assert "section generate is that of the preset paper" in caplog.text
    assert len(rows_of(tmp_path / "out")) == 3
    with pytest.raises(UserError, match=r"no parameters at absent\.yaml"):
        call("generate", str(models), "out", "--params", "absent.yaml")


def test_no_snapshots_are_named(tmp_path):
    with pytest.raises(UserError, match="run the train stage first"):
        snapshots_in(tmp_path)
