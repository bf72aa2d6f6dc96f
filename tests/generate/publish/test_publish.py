"""A model's folder, and the upload of folders that this program made to a stand-in for Hugging Face."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from generate.publish.model_folder import make_model_folder
from generate.publish.upload import upload_folder
from generate.sampling.sampler import Sampler, snapshots_in
from tests.generate.publish.conftest import TOKEN, Hub
from train.lineage.about import Change
from train.lineage.start import weights_to_start_from
from train.model.networks import Critic, Generator
from train.saved.snapshot import ALL_NETWORKS, read_snapshot, write_snapshot

REPOSITORY = Path(__file__).parents[3]
SWD = {
    "images": 16,
    "untrained": {"kimg": 0.0, "SWDx1e3_16": 270.11, "SWDx1e3_avg": 270.11, "ratio_to_floor": 3.0},
    "best": {"kimg": 3.0, "SWDx1e3_16": 11.29, "SWDx1e3_avg": 11.29},
    "last": {"kimg": 12.0, "SWDx1e3_16": 12.5, "SWDx1e3_avg": 12.5},
    "floor": {"kind": "disjoint", "SWDx1e3_16": 9.0, "SWDx1e3_avg": 9.0},
}
TRAIN = {"params_hash": "params", "hardware": "2 x `CPU`", "precision": "float32"}


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "swd.json").write_text(json.dumps(SWD))
    (folder / "swd.csv").write_text("kimg,images\n")
    (folder / "train.json").write_text(json.dumps(TRAIN))
    return folder


@pytest.fixture
def folder(models: Path, reports: Path, tmp_path: Path) -> Path:
    made = tmp_path / "model"
    params = shutil.copyfile(REPOSITORY / "params.yaml", tmp_path / "mine.yaml")
    make_model_folder(models, made, "cc0-1.0", reports=reports, params=params, device="cpu")
    return made


def _upload(hub: Hub, *words: Any, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
    home = {"HF_ENDPOINT": hub.address, "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1", "HF_HOME": "nowhere"}
    return subprocess.run(
        [sys.executable, "-m", "fashion_pggan", "publish", "upload", *map(str, words)],
        cwd=REPOSITORY,
        env=os.environ | home,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_folder_holds_the_best_generator_and_says_where_it_comes_from(folder: Path, models: Path) -> None:
    best = snapshots_in(models)[0]
    assert {path.name for path in folder.iterdir()} == {
        *(".fashion-pggan.json", "README.md", "generator.safetensors", "params.yaml", "samples.png"),
        *("swd.csv", "swd.json"),
    }
    assert (folder / "generator.safetensors").read_bytes() == best.read_bytes()
    text = (folder / "README.md").read_text()
    _, header, card = text.split("---\n", 2)
    assert yaml.safe_load(header)["license"] == "cc0-1.0"
    for said in (sha256_of(best), "`params`", "`dataset`", "`commit`", "| best (3k) | 11.29 | 11.29 |"):
        assert said in card
    assert "2 x" in card
    with Image.open(folder / "samples.png") as image:
        assert image.size == (8 * 16, 4 * 16)
    assert Sampler.load(folder / "generator.safetensors").origin.kimg == 3.0


def test_without_reports_the_last_snapshot_is_said_to_be_unmeasured(models: Path, tmp_path: Path) -> None:
    made, none = tmp_path / "model", tmp_path / "none"
    name = make_model_folder(models, made, "other", reports=none, params=none, device="cpu")
    assert name == snapshots_in(models)[-1].name
    assert "Not measured." in (made / "README.md").read_text()


def test_a_published_model_serves_as_models_and_to_start_from(models: Path, tmp_path: Path) -> None:
    none, made, whole = tmp_path / "none", tmp_path / "model", tmp_path / "models"
    shutil.copytree(models, whole)
    average, origin = read_snapshot(snapshots_in(whole)[-1])
    beside = {"generator": Generator(average.architecture), "critic": Critic(average.architecture)}
    write_snapshot(whole / ALL_NETWORKS, average, origin, beside)
    make_model_folder(whole, made, "other", reports=none, params=none, device="cpu", with_critic=True)
    assert snapshots_in(made) == [made / "generator.safetensors"]
    vectors = weights_to_start_from(str(made), none, average.architecture)
    assert set(vectors) == {"average", "critic", "generator"}
    assert "`networks.safetensors` holds generator, critic and average" in (made / "README.md").read_text()


def test_a_critic_that_is_missing_is_said(models: Path, tmp_path: Path) -> None:
    none, made = tmp_path / "none", tmp_path / "model"
    with pytest.raises(UserError, match=r"has no networks\.safetensors"):
        make_model_folder(models, made, "other", reports=none, params=none, device="cpu", with_critic=True)
    assert not made.exists()


def test_reports_of_another_training_are_refused(models: Path, reports: Path, tmp_path: Path) -> None:
    (reports / "train.json").write_text(json.dumps(TRAIN | {"params_hash": "other"}))
    with pytest.raises(UserError, match="is not about the training of these models"):
        make_model_folder(
            models, tmp_path / "model", "other", reports=reports, params=tmp_path / "none", device="cpu"
        )
    assert not (tmp_path / "model").exists()


def test_a_snapshot_from_before_its_training_resumed_another_run_is_of_that_training(
    models: Path, reports: Path, tmp_path: Path
) -> None:
    change = Change(images_shown=4_000, before="params", at="", git_commit="", changes={"seed": (0, 1)})
    resumed = {"params_hash": "other", "history": f"at 1 kimg from {'a' * 16}: x; {change}"}
    (reports / "train.json").write_text(json.dumps(TRAIN | resumed))
    made = tmp_path / "model"
    make_model_folder(models, made, "other", reports=reports, params=tmp_path / "none", device="cpu")
    assert "| best (3k) | 11.29 | 11.29 |" in (made / "README.md").read_text()


@pytest.mark.parametrize(
    ("beside", "shape", "error"),
    [
        ([], {}, "holds no critic and no generator: give the models"),
        (["critic"], {}, "holds no generator: give the models"),
        (["critic", "generator"], {"latent_size": 4}, "holds other networks than the snapshot: give"),
    ],
)
def test_networks_from_which_nobody_could_train_on_are_not_published(
    models: Path, tmp_path: Path, beside: list[str], shape: dict[str, int], error: str
) -> None:
    none, whole = tmp_path / "none", tmp_path / "models"
    shutil.copytree(models, whole)
    average, origin = read_snapshot(snapshots_in(whole)[-1])
    architecture = replace(average.architecture, **shape)
    kinds = {"critic": Critic, "generator": Generator}
    networks = {name: kinds[name](architecture) for name in beside}
    write_snapshot(whole / ALL_NETWORKS, Generator(architecture), origin, networks)
    with pytest.raises(UserError, match=error):
        make_model_folder(
            whole, tmp_path / "made", "other", reports=none, params=none, device="cpu", with_critic=True
        )
    assert not (tmp_path / "made").exists()


def test_a_folder_of_ones_own_is_not_replaced(models: Path, reports: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    with pytest.raises(UserError, match="mine"):
        make_model_folder(models, tmp_path / "mine", "other", reports=reports, params=reports, device="cpu")
    assert (tmp_path / "mine/file").read_text() == "mine"


def test_the_model_arrives_whole_as_one_commit(hub: Hub, folder: Path) -> None:
    ended = _upload(hub, folder, "--repo", "me/tops", "--private")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines()[-1] == f"{hub.address}/me/tops/commit/0123"
    expected = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}
    assert hub.files == expected
    assert (hub.commits, hub.created[0]["type"], hub.created[0]["visibility"]) == (1, "model", "private")


def test_a_card_that_its_owner_completed_is_uploaded(hub: Hub, folder: Path) -> None:
    with (folder / "README.md").open("a") as card:
        card.write("The images show tops.\n")
    ended = _upload(hub, folder, "--repo", "me/tops")
    assert ended.returncode == 0, ended.stderr
    assert hub.files["README.md"].endswith(b"The images show tops.\n")


def test_a_token_that_may_not_write_is_one_line(hub: Hub, folder: Path) -> None:
    ended = _upload(hub, folder, "--repo", "me/tops", token="hf_reader")
    assert ended.returncode == 1
    line = ended.stderr.splitlines()[-1]
    assert line.startswith("error: me/tops cannot be uploaded (")
    assert "HF_TOKEN" in line
    assert not hub.files


def test_a_generated_dataset_gets_the_licence_that_is_given(hub: Hub, models: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generate", models, tmp_path / "new", "--count", "2", "--device", "cpu"]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    ended = _upload(hub, tmp_path / "new", "--repo", "me/tops", "--licence", "cc0-1.0")
    assert ended.returncode == 0, ended.stderr
    assert hub.created[0]["type"] == "dataset"
    assert yaml.safe_load(hub.files["README.md"].decode().split("---\n")[1])["license"] == "cc0-1.0"
    assert len([name for name in hub.files if name.startswith("images/")]) == 2


@pytest.mark.parametrize(
    ("harm", "words", "says"),
    [
        (lambda folder: None, {"repo": "tops"}, "--repo tops: give USER/NAME"),
        (lambda folder: None, {"licence": "other"}, "names a licence already"),
        (lambda folder: (folder / "swd.csv").write_text("0"), {}, "swd.csv is not what was written"),
        (lambda folder: (folder / "swd.csv").unlink(), {}, "swd.csv is missing"),
        (
            lambda folder: (folder / "notes.txt").write_text("mine"),
            {},
            "notes.txt is not part of",
        ),
        (lambda folder: (folder / ".fashion-pggan.json").write_text("{"), {}, "is damaged"),
        (lambda folder: (folder / ".fashion-pggan.json").unlink(), {}, "is no folder of this program"),
    ],
)
def test_what_is_not_whole_is_not_uploaded(folder: Path, harm: Any, words: Any, says: str) -> None:
    harm(folder)
    with pytest.raises(UserError, match=says):
        upload_folder(folder, **{"repo": "me/tops", **words})


def test_a_card_without_a_licence_is_refused(models: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generate", models, tmp_path / "new", "--count", "2", "--device", "cpu"]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    with pytest.raises(UserError, match="names no licence: give --licence"):
        upload_folder(tmp_path / "new", "me/tops")
