"""The stage: a dataset in each form, and what it replaces."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashion_pggan.errors import UserError
from generate import stage
from generate.sampling.recipe import read_recipe
from generate.sampling.sampler import Sampler
from tests.generate.small import PARAMS, files_of, rows_of, with_

REPOSITORY = Path(__file__).parents[2]


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
    assert len(files[0]) == 15
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(*files, strict=True))


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
        while not list(out.parent.glob(".out.building/new/images/00000/*9.png")):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not out.exists()
    stage.run(models, out, PARAMS)
    stage.run(models, tmp_path / "other", PARAMS)
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert files_of(out) == files_of(tmp_path / "other")


def test_a_folder_of_something_else_is_left_alone(models, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(
        UserError, match=r"holds mine\.txt, which is not part of a generated dataset: move it away, or"
    ):
        stage.run(models, tmp_path, PARAMS)
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["mynotes.txt", "images/00000/mine.png", "images/notes.md"])
@pytest.mark.parametrize("form", ["imagefolder", "webdataset", "parquet"])
def test_a_dataset_with_something_foreign_in_it_is_not_replaced(models, tmp_path, form, name):
    stage.run(models, tmp_path / "out", with_(form=form))
    stage.run(models, tmp_path / "out", with_(form=form, format="jpeg"))
    (tmp_path / "out/.DS_Store").write_bytes(b"")
    stage.run(models, tmp_path / "out", with_(form=form))
    (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "out" / name).write_text("precious")
    with pytest.raises(
        UserError, match=f"holds ({name}|images), which is not part of a generated dataset: move it"
    ):
        stage.run(models, tmp_path / "out", PARAMS)
    assert (tmp_path / "out" / name).read_text() == "precious"


@pytest.mark.parametrize(
    ("changes", "advice"),
    [({"count": 10**12}, r"lower generate\.count"), ({"labels": {"a": 10**12}}, r"lower generate\.labels")],
)
def test_more_images_than_the_disk_holds_are_refused_before_anything_is_written(
    models, tmp_path, changes, advice
):
    says = rf"writing 1,000,000,000,000 images needs about .* in {tmp_path}/out, but .* are free: .*{advice}"
    with pytest.raises(UserError, match=says):
        stage.run(models, tmp_path / "out", with_(**changes))
    assert not (tmp_path / "out").exists()
