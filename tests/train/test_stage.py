"""The stage: processes that are killed, folders that are refused, models that are handed out."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams, load_params
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.proof.folder_mark import MARK
from generate.sampling.sampler import Sampler, snapshots_in
from tests.running import tries
from train import stage
from train.damaged.damaged_runs import faults
from train.processes.ranks import Ranks
from train.record.log import read_rows
from train.run import Run
from train.saved.snapshot import read_networks
from train.travel.place import run_directory

REPOSITORY = Path(__file__).parents[2]
ALONE = Ranks(0, 1, torch.device("cpu"))
FOREIGN = "holds holiday.jpg, which is not part of trained models: move it away, or give another folder"


def train_here(project: Path, params: TrainParams, device: str = "cpu") -> None:
    """The stage in this process."""
    stage.run(
        project / "curated",
        project / "models",
        params,
        runs=project / "runs",
        report=project / "train.json",
        history=project / "training.csv",
        device=device,
    )


def _killed(command, project, waits_s):
    """Start the stage and kill it, once for each time after its first checkpoint."""
    for wait_s in waits_s:
        process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until and not list(project.glob("runs/*/checkpoint-*")):
            time.sleep(0.02)
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()


def _assert_same_models(folder, undisturbed):
    ours, theirs = snapshots_in(folder), snapshots_in(undisturbed)
    assert [path.name for path in ours] == [path.name for path in theirs]
    for one, other in zip(ours, theirs, strict=True):
        weights, expected = (Sampler.load(path).generator.state_dict() for path in (one, other))
        assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_the_stage_killed_ends_with_the_models_of_an_undisturbed_one(
    project, undisturbed, params, write_params, command_of
):
    write_params(project / "params.yaml", params.model_copy(update={"checkpoint_s": 0.05}))
    _killed(command_of(project), project, [0.3])
    train_here(project, load_params(project / "params.yaml").train)
    _assert_same_models(project / "models", undisturbed.folder)
    facts = json.loads((project / "train.json").read_text())
    assert facts["images_shown"] == undisturbed.images_shown
    assert facts["skipped_steps"] == 0
    assert (project / "models/dataset.png").is_file()
    assert (project / "training.csv").read_text().startswith("kimg,lod,resolution,minibatch,learning_rate")
    (board,) = project.glob("runs/*/tensorboard")
    events = EventAccumulator(str(board))
    events.Reload()
    steps = [event.step for event in events.Scalars("loss/critic")]
    assert steps == [round(row.kimg * 1000) for row in read_rows(project / "training.csv")]


def _has_written(project, what):
    """What a run leaves behind as it goes: each new name, or row, is an event."""
    if what == "row":
        return sum(path.read_bytes().count(b"\n") for path in project.glob("runs/*/*.csv"))
    patterns = {"checkpoint": "runs/*/checkpoint-*", "snapshot": "runs/*/snapshots/*"}
    return frozenset(path.name for path in project.glob(patterns[what]))


@pytest.mark.slow
def test_a_stage_killed_at_events_ends_with_the_models_of_an_undisturbed_one(
    project, params, write_params, command_of, dataset, tmp_path_factory
):
    """Killed as it saves, logs and takes snapshots, once or more after its start, over the whole schedule."""
    kills = tries(8, 20)
    level = dict.fromkeys(("stabilise_kimg", "fade_kimg"), 0.07 * kills)
    longer = params.model_copy(update={"total_kimg": 0.4 * kills, **level})
    undisturbed = Run(tmp_path_factory.mktemp("undisturbed"), dataset, longer, ALONE, "commit")
    undisturbed.go()
    write_params(project / "params.yaml", longer.model_copy(update={"checkpoint_s": 0.1}))
    seeded = random.Random(5)
    reached = []
    for number in range(kills):
        awaited = ("checkpoint", "row", "checkpoint", "snapshot")[number % 4]
        process = subprocess.Popen(command_of(project), cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        for _ in range(seeded.randint(1, 3)):
            before, until = _has_written(project, awaited), time.monotonic() + 60
            while _has_written(project, awaited) == before:
                assert time.monotonic() < until, f"no further {awaited}"
                assert process.poll() is None, "it ended before it was killed"
                time.sleep(0.002)
        process.kill()
        process.wait()
        reached.append(len(list(project.glob("runs/*/snapshots/*"))))
    assert len(set(reached)) > kills // 5, f"the kills did not meet the run on its way: {reached}"
    subprocess.run(command_of(project), cwd=REPOSITORY, check=True, timeout=400)
    _assert_same_models(project / "models", undisturbed.folder)


def test_a_termination_ends_the_stage_with_its_status(project, params, write_params, command_of):
    write_params(project / "params.yaml", params.model_copy(update={"total_kimg": 10_000.0}))
    process = subprocess.Popen(command_of(project), cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not list(project.glob("runs/*/snapshots/*")):
        time.sleep(0.05)
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "Traceback" not in said
    assert list(project.glob("runs/*/checkpoint-*")), "a termination saves what was trained"


def test_two_trainings_of_the_same_run_do_not_fight(project, params, dataset, monkeypatch):
    monkeypatch.setattr(stage, "exclusive", partial(exclusive, wait_s=0))
    held = f"in use by process {os.getpid()}: wait for it to end, or stop it"
    folder = run_directory(project / "runs", params, dataset, ALONE)
    with exclusive(folder), pytest.raises(UserError, match=held):
        train_here(project, params)


def test_a_damaged_snapshot_is_not_handed_out_and_a_lost_last_one_is_written_again(
    project, undisturbed, params, dataset
):
    folder = run_directory(project / "runs", params, dataset, ALONE)
    shutil.copytree(undisturbed.folder, folder)
    first, *_, last = snapshots_in(folder)
    before = first.read_bytes()
    first.write_bytes(before[:-300] + bytes(300))
    with pytest.raises(UserError, match=rf"{first.name} is damaged, .*: copy it from models \("):
        train_here(project, params)
    assert not (project / "models").exists()
    first.write_bytes(before)
    last.unlink()
    train_here(project, params)
    _assert_same_models(project / "models", undisturbed.folder)


def test_models_hold_all_networks_that_another_run_can_start_from(project, undisturbed, params, dataset):
    """Also those of a run that ended before they did."""
    folder = run_directory(project / "runs", params, dataset, ALONE)
    shutil.copytree(undisturbed.folder, folder)
    (folder / "networks.safetensors").unlink()
    train_here(project, params)
    networks, origin = read_networks(project / "models/networks.safetensors")
    assert networks.keys() == {"average", "generator", "critic"}
    _, last = read_networks(snapshots_in(project / "models")[-1])
    assert origin.kimg == last.kimg == params.total_kimg
    trained = {"average": undisturbed.average, "generator": undisturbed.generator}
    for name, network in {**trained, "critic": undisturbed.critic}.items():
        for key, tensor in network.state_dict().items():
            assert torch.equal(networks[name].state_dict()[key], tensor)


def test_damaged_and_lost_grids_are_drawn_again_and_what_is_not_a_runs_stays_out(
    project, params, dataset, caplog
):
    short = params.model_copy(update={"total_kimg": 0.3, "snapshot_kimg": 0.1})
    train_here(project, short)
    folder = run_directory(project / "runs", short, dataset, ALONE)
    grids = sorted((folder / "grids").iterdir())
    written = [path.read_bytes() for path in grids]
    assert len(written) == 4
    shutil.rmtree(project / "models")
    grids[0].write_bytes(written[0][:80] + bytes([written[0][80] ^ 1]) + written[0][81:])
    grids[1].write_bytes(written[2])  # a whole PNG; the run's list tells
    grids[2].unlink()
    others = [folder / name for name in ("latest.png", "latest.safetensors", "training.csv", "status.json")]
    for path in others:
        path.write_bytes(path.read_bytes()[:99] + bytes(9))
    (folder / "grids/mine.png").write_bytes(written[3])
    train_here(project, short)
    assert caplog.text.count("drawing it again from its snapshot") == 3
    handed_out = sorted((project / "models/grids").iterdir())
    assert [path.name for path in handed_out] == [path.name for path in grids]
    assert [path.read_bytes() for path in handed_out] == written
    assert [path.read_bytes() for path in grids] == written
    assert {path: fault for path, fault in faults(folder) if fault} == {}
    assert len(read_rows(project / "training.csv")) == 3


def test_a_shorter_run_leaves_a_longer_one_alone(tmp_path, dataset, params):
    folder = run_directory(tmp_path, params, dataset, ALONE)
    assert run_directory(tmp_path, params, dataset, ALONE) == folder
    (folder).mkdir()
    (folder / "checkpoint-000000000800.pt").touch()
    assert run_directory(tmp_path, params, dataset, ALONE) == folder
    shorter = params.model_copy(update={"total_kimg": 0.4})
    assert run_directory(tmp_path, shorter, dataset, ALONE).name == f"{folder.name}-0.4"
    longer = params.model_copy(update={"total_kimg": 2.0})
    assert run_directory(tmp_path, longer, dataset, ALONE) == folder


def test_a_missing_dataset_is_one_clear_line(project, command_of):
    command = command_of(project)
    command[4] = str(project / "nowhere")
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"error: no folder at {project / 'nowhere'}: give a dataset, "
        "or run the curate stage first (dvc repro curate)"
    )


def test_a_device_that_is_not_there_is_refused(project, params):
    with pytest.raises(UserError, match="--device cuda:99: this machine has"):
        train_here(project, params, device="cuda:99")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("photos", FOREIGN),
        ("link", FOREIGN),
        ("curated", "overlap: give folders beside each other"),
        (".", "holds the folder you are in: give another folder"),
        ("..", "holds the folder you are in: give another folder"),
    ],
)
def test_a_folder_of_something_else_is_refused_before_anything_is_trained(
    project, params, monkeypatch, target, says
):
    (project / "photos").mkdir()
    (project / "photos/holiday.jpg").write_bytes(b"\xff\xd8\xff")
    (project / "link").symlink_to("photos")
    monkeypatch.chdir(project)
    with pytest.raises(UserError) as refused:
        stage.run(Path("curated"), Path(target), params, runs=Path("runs"), device="cpu")
    assert str(refused.value).endswith(says)
    assert "\n" not in str(refused.value)
    assert (project / "photos/holiday.jpg").read_bytes() == b"\xff\xd8\xff"
    assert (project / "curated/index.json").is_file()
    assert not (project / "runs").exists()


def test_models_are_replaced_by_models_that_have_a_mark(tmp_path, dataset, params):
    short = params.model_copy(update={"total_kimg": 0.05})
    target = tmp_path / "models"

    def again():
        stage.run(dataset.folder, target, short, runs=tmp_path / "runs", device="cpu")
        return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())

    first = again()
    assert again() == first
    mark = (target / MARK).read_bytes()
    (target / MARK).unlink()
    with pytest.raises(UserError, match=r"holds dataset\.png, which is not part of trained models"):
        again()
    (target / MARK).write_bytes(mark)
    assert again() == first
    (target / "grids/mine.png").touch()
    with pytest.raises(UserError, match=r"holds grids/mine\.png, which is not part of trained models"):
        again()


def test_a_disk_that_fills_up_while_models_are_handed_out_is_told_as_such(
    tmp_path, dataset, params, monkeypatch
):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stage, "link", full)
    short = params.model_copy(update={"total_kimg": 0.05})
    with pytest.raises(OSError, match="No space left") as raised:
        stage.run(dataset.folder, tmp_path / "models", short, runs=tmp_path / "runs", device="cpu")
    assert raised.value.errno == errno.ENOSPC
    assert not (tmp_path / "models").exists()
