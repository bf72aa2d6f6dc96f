"""Forms that others load, and single files: grids, films, recipes."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from generate import stage
from generate.sampling.film import write_film, write_sheet
from generate.sampling.latents import between, directions_of
from generate.sampling.recipe import Place, Recipe, read_recipe
from generate.sampling.sampler import Sampler, snapshots_in

REPOSITORY = Path(__file__).parents[2]
PARAMS = load_params(REPOSITORY / "params.yaml").generate.model_copy(
    update={"count": 10, "seed": 5, "minibatch": 4}
)


def with_(**changes):
    return PARAMS.model_copy(update=changes)


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def sampler(models):
    return Sampler.load(snapshots_in(models)[-1])


def test_hugging_face_datasets_load_the_images_with_their_facts(models, sampler, tmp_path):
    forms = ("imagefolder", "webdataset", "parquet")
    for form in forms:
        stage.run(models, tmp_path / form, with_(form=form))
    script = (
        "import sys, numpy as np\nfrom datasets import load_dataset\n"
        "for folder in sys.argv[1:]:\n"
        "    rows = load_dataset(folder, split='train')\n"
        "    row = rows[3]; facts = row.get('json') or row\n"
        "    image = row.get('image') or row.get('png')\n"
        "    print(len(rows), facts['latent_index'], int(np.asarray(image).astype(int).sum()))"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *(str(tmp_path / form) for form in forms)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=environment,
    )
    expected = int(sampler.images(5, [3]).astype(int).sum())
    assert answer.stdout.splitlines() == [f"10 3 {expected}"] * 3


def test_a_webdataset_is_tar_files_of_images_and_rows(models, tmp_path):
    stage.run(models, tmp_path / "out", with_(form="webdataset", format="webp"))
    with tarfile.open(tmp_path / "out/train-00000.tar") as tar:
        names = tar.getnames()
        row = json.load(tar.extractfile(names[1]))
    assert names[:2] == ["seed5_00000000.webp", "seed5_00000000.json"]
    assert row["snapshot"] == "000012.000"


def test_first_says_where_to_begin(models, sampler, tmp_path):
    stage.run(models, tmp_path / "out", with_(first=7, count=1))
    with Image.open(tmp_path / "out/images/00000/seed5_00000007.png") as image:
        np.testing.assert_array_equal(np.asarray(image), sampler.images(5, [7])[0])


def test_a_killed_run_leaves_no_dataset_and_the_next_one_starts_anew(models, tmp_path):
    out = tmp_path / "place/out"
    command = [sys.executable, "-m", "generate", str(models), str(out), "--count", "100000"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while not list(out.parent.glob(".out.building-*/images/00000/*9.png")):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not out.exists()
    stage.run(models, out, PARAMS)
    stage.run(models, tmp_path / "other", PARAMS)
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert files_of(out) == files_of(tmp_path / "other")


def test_the_way_between_two_latents_keeps_their_length():
    first, second = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    assert torch.equal(between(first, second, 0.0), first)
    assert torch.equal(between(first, second, 1.0), second)
    torch.testing.assert_close(between(first, second, 0.5), torch.tensor([1.0, 1.0]) * 3 / 2**0.5)
    torch.testing.assert_close(between(first, 2 * first, 0.5), 1.5 * first)


def test_directions_stand_at_right_angles_and_the_strongest_is_first(sampler):
    found = directions_of(sampler.generator)
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(8), atol=1e-5, rtol=0)
    answers = (sampler.generator.dense.scaled() @ found.vectors.T).square().sum(dim=0)
    assert answers.tolist() == sorted(answers.tolist(), reverse=True)
    torch.testing.assert_close(answers / answers.sum(), torch.tensor(found.shares), rtol=1e-4, atol=0)


def test_truncation_draws_images_together_and_1_changes_nothing(sampler):
    images = [sampler.truncated(amount).images(1, range(16)) for amount in (1.0, 0.3, 0.0)]
    np.testing.assert_array_equal(images[0], sampler.images(1, range(16)))
    spreads = [one.astype(float).std(axis=0).mean() for one in images]
    assert spreads[0] > spreads[1] > spreads[2] == 0
    shrunk = sampler.images_of(sampler.latents(1, range(16)) * 0.3)  # what does nothing here
    assert np.abs(shrunk.astype(int) - images[0]).max() <= 1


def test_a_grid_has_its_rows_and_columns(sampler, tmp_path):
    write_sheet(tmp_path / "grid.png", sampler, 1, 4, 2, 3)
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size == (48, 32)
        np.testing.assert_array_equal(np.asarray(grid)[16:, 32:], sampler.images(1, [9])[0])


def test_a_film_begins_and_ends_at_its_garments(sampler, tmp_path):
    write_film(tmp_path / "film.webp", sampler, 1, (2, 8), 5)
    ends = sampler.images(1, [2, 8]).repeat(16, axis=1).repeat(16, axis=2)
    with Image.open(tmp_path / "film.webp") as film:
        assert film.n_frames == 5
        for frame, expected in ((0, ends[0]), (4, ends[1])):
            film.seek(frame)
            np.testing.assert_array_equal(np.asarray(film.convert("RGB")), expected)


def test_an_mp4_plays_its_frames(sampler, tmp_path):
    write_film(tmp_path / "film.mp4", sampler, 1, (2, 8), 12)
    film = cv2.VideoCapture(str(tmp_path / "film.mp4"))
    frames = []
    while (read := film.read())[0]:
        frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    assert len(frames) == 12
    expected = sampler.images(1, [2])[0].repeat(16, axis=0).repeat(16, axis=1)
    assert np.abs(frames[0].astype(int) - expected).mean() < 16  # lossy, with less colour resolution
    with pytest.raises(UserError, match=r"a film is \.webp or \.mp4"):
        write_film(tmp_path / "film.gif", sampler, 1, (2, 8), 5)


def test_a_recipe_makes_the_same_image_again(models, sampler, tmp_path):
    place = Place(seed=3, latent_index=4, other_index=9, share=0.4, moves=[0.5, 0, -0.3], truncation=0.8)
    recipe = Recipe.of(place, sampler)
    (tmp_path / "one.png").write_bytes(recipe.png(recipe.image(sampler)))
    (tmp_path / "two.json").write_text(recipe.model_dump_json())
    for name in ("one.png", "two.json"):
        call("generate", str(models), "--recipe", str(tmp_path / name))
        again = tmp_path / f"{Path(name).stem}-again.png"
        assert again.read_bytes() == (tmp_path / "one.png").read_bytes()
    with pytest.raises(UserError, match="the recipe is for snapshot 000012"):
        recipe.check(Sampler.load(snapshots_in(models)[0]))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", b"{", "holds no recipe"),
        ("a.json", b"\xff\xfe", "holds no recipe"),
        ("a.json", b"[]", "is no recipe"),
        ("a.json", b'{"seed": NaN, "latent_index": 1}', "is no recipe: seed"),
        ("a.json", b'{"seed": 1, "latent_index": 1e300}', "is no recipe: latent_index"),
        ("a.png", b"no image", "holds no recipe"),
    ],
)
def test_what_is_no_recipe_is_said_to_be_none(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        read_recipe(tmp_path / name)
