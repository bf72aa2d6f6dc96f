import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fashion_pggan.errors import UserError
from fashion_pggan.storage.targets import MARK
from generate.sampling.sampler import Sampler, snapshots_in
from train import run as run_module
from train import stage
from train.processes.ranks import Ranks
from train.record.log import read_rows
from train.record.running_means import RunningMeans
from train.run import Run

REPOSITORY = Path(__file__).parents[2]
ALONE = Ranks(0, 1, torch.device("cpu"))


class KilledError(Exception):
    """A run that ends in the middle, as by a kill."""


def _train(folder, dataset, params):
    training = Run(folder, dataset, params, ALONE, "commit")
    training.go()
    return training


def _assert_same(first: Run, second: Run) -> None:
    one, other = first.trainer.state(), second.trainer.state()
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, dataset, params):
    return _train(tmp_path_factory.mktemp("undisturbed"), dataset, params)


def test_a_resumed_run_is_bit_for_bit_the_run_that_never_stopped(
    tmp_path, dataset, params, undisturbed, monkeypatch
):
    """Stopped in every phase: alone, in a fade, at each reset of the optimisers."""
    every_step = params.model_copy(update={"checkpoint_s": 1e-9})
    advance = Run.advance
    stops = iter(range(1, 1000, 7))
    looks = 0
    stop_at = next(stops)

    def stopping(self, means):
        nonlocal looks, stop_at
        looks += 1
        if looks >= stop_at:
            stop_at = looks + 7
            raise KilledError
        return advance(self, means)

    monkeypatch.setattr(run_module.Run, "advance", stopping)
    starts = 0
    while True:
        starts += 1
        try:
            resumed = _train(tmp_path, dataset, every_step)
            break
        except KilledError:
            continue
    assert starts > 5
    _assert_same(undisturbed, resumed)
    ours, theirs = (sorted((run.folder / "snapshots").iterdir()) for run in (resumed, undisturbed))
    assert [path.name for path in ours] == [path.name for path in theirs]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(ours, theirs, strict=True))


def test_the_log_has_each_stretch_once_however_often_the_run_was_resumed(undisturbed, params):
    with (undisturbed.folder / "training.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    kimgs = [float(row["kimg"]) for row in rows]
    assert kimgs == sorted(set(kimgs))
    assert kimgs[-1] == pytest.approx(0.8, abs=0.02)
    assert len(rows) == 8
    assert {"critic_loss", "generator_loss", "score_real", "lod", "images_per_s"} <= rows[0].keys()
    assert list((undisturbed.folder / "tensorboard").iterdir())


def test_snapshots_begin_with_the_untrained_network_and_come_at_their_interval(undisturbed):
    samplers = [Sampler.load(path) for path in snapshots_in(undisturbed.folder)]
    assert [round(sampler.kimg, 1) for sampler in samplers] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert samplers[0].lod == 2.0
    assert samplers[-1].lod == 0.0
    names = [path.stem for path in snapshots_in(undisturbed.folder)]
    assert sorted(path.stem for path in (undisturbed.folder / "grids").iterdir()) == names


def test_optimisers_start_afresh_when_a_transition_starts_and_when_it_ends(
    tmp_path, dataset, params, monkeypatch
):
    starts = []
    advance = Run.advance

    def watching(self, means):
        before = int(self.trainer.critic_optimizer.taken)
        images_shown = self.images_shown
        phase = advance(self, means)
        if int(self.trainer.critic_optimizer.taken) != before + params.minibatch_repeats or before == 0:
            assert int(self.trainer.generator_optimizer.taken) == params.minibatch_repeats
            starts.append(images_shown)
        return phase

    monkeypatch.setattr(Run, "advance", watching)
    _train(tmp_path, dataset, params)
    assert starts == [0, 160, 304, 464, 608]  # the first looks after 0, 150, 300, 450 and 600 images


def test_each_look_at_the_schedule_is_followed_by_new_minibatches_with_latents_of_their_own(
    tmp_path, dataset, params
):
    run = Run(tmp_path, dataset, params, Ranks(0, 1, torch.device("cpu")), "c")
    batches, asked = [], run.loop.feed.batch_at

    def watching(images_shown, phase):
        batches.append((images_shown, phase, asked(images_shown, phase)))
        return batches[-1][2]

    run.loop.feed.batch_at = watching
    run.advance(RunningMeans.empty())
    run.loop.feed.close()
    assert [at for at, _, _ in batches] == [8 * number for number in range(params.minibatch_repeats)]
    assert len({phase for _, phase, _ in batches}) == 1
    latents = [each for _, _, batch in batches for each in (batch.critic_latents, batch.generator_latents)]
    assert len({tensor.numpy().tobytes() for tensor in latents}) == 2 * params.minibatch_repeats
    assert len({batch.reals.numpy().tobytes() for _, _, batch in batches}) == params.minibatch_repeats


def test_a_run_that_is_not_finite_stops_with_advice_and_keeps_what_it_had(tmp_path, dataset, params):
    explosive = params.model_copy(update={"learning_rate_base": 1e30, "max_skipped_steps": 6})
    with pytest.raises(
        UserError, match=r"steps in a row had gradients that are not finite.*lower train\.learning"
    ):
        _train(tmp_path, dataset, explosive)


def test_a_folder_of_another_run_is_refused_by_the_names_that_changed(tmp_path, dataset, params, undisturbed):
    changed = params.model_copy(update={"minibatch_base": 32, "gp_weight": 5.0})
    with pytest.raises(
        UserError, match=r"other parameters \(train\.minibatch_base: 8 -> 32, train\.gp_weight: 10"
    ):
        Run(undisturbed.folder, dataset, changed, ALONE, "commit")


def test_what_does_not_change_the_training_may_change(dataset, params, undisturbed):
    longer = params.model_copy(update={"total_kimg": 900.0, "log_kimg": 7.0, "snapshot_kimg": 3.0})
    assert Run(undisturbed.folder, dataset, longer, ALONE, "commit").images_shown == undisturbed.images_shown


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


def test_the_stage_killed_again_and_again_ends_with_the_models_of_an_undisturbed_one(
    project, undisturbed, params, write_params, command_of
):
    write_params(project / "params.yaml", params.model_copy(update={"checkpoint_s": 0.05}))
    _killed(command_of(project), project, [0.3, 0.6])
    subprocess.run(command_of(project), cwd=REPOSITORY, check=True, timeout=120)
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


@pytest.mark.slow
def test_a_stage_killed_at_twenty_random_moments_ends_with_the_models_of_an_undisturbed_one(
    project, params, write_params, command_of, dataset, tmp_path_factory
):
    """Half of them while it starts, half while it steps, saves, takes snapshots, over the whole schedule."""
    longer = params.model_copy(update={"total_kimg": 8.0, "stabilise_kimg": 1.4, "fade_kimg": 1.4})
    undisturbed = _train(tmp_path_factory.mktemp("undisturbed"), dataset, longer)
    write_params(project / "params.yaml", longer.model_copy(update={"checkpoint_s": 0.1}))
    moments = random.Random(5)
    reached = []
    for number in range(20):
        before = set(project.glob("runs/*/checkpoint-*"))
        process = subprocess.Popen(command_of(project), cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while number % 2 and time.monotonic() < until and set(project.glob("runs/*/checkpoint-*")) == before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.8) if number % 2 else moments.uniform(0.5, 4.0))
        process.kill()
        process.wait()
        reached.append(len(list(project.glob("runs/*/snapshots/*"))))
    assert len(set(reached)) > 4, f"the kills did not meet the run on its way: {reached}"
    subprocess.run(command_of(project), cwd=REPOSITORY, check=True, timeout=120)
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


def test_two_trainings_of_the_same_run_do_not_fight(project, params, dataset, command_of):
    folder = stage.run_directory(project / "runs", params, dataset, ALONE)
    folder.mkdir(parents=True)
    program = (
        "import sys, time; from pathlib import Path; from fashion_pggan.storage.files import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        ended = subprocess.run(
            command_of(project), cwd=REPOSITORY, capture_output=True, text=True, timeout=60
        )
    finally:
        holder.kill()
        holder.communicate()
    assert ended.returncode == 1
    assert f"in use by process {holder.pid}: wait for it to end, or stop it" in ended.stderr


def test_a_shorter_run_leaves_a_longer_one_alone(tmp_path, dataset, params):
    folder = stage.run_directory(tmp_path, params, dataset, ALONE)
    assert stage.run_directory(tmp_path, params, dataset, ALONE) == folder
    (folder).mkdir()
    (folder / "checkpoint-000000000800.pt").touch()
    assert stage.run_directory(tmp_path, params, dataset, ALONE) == folder
    shorter = params.model_copy(update={"total_kimg": 0.4})
    assert stage.run_directory(tmp_path, shorter, dataset, ALONE).name == f"{folder.name}-0.4"
    longer = params.model_copy(update={"total_kimg": 2.0})
    assert stage.run_directory(tmp_path, longer, dataset, ALONE) == folder


def test_a_missing_dataset_is_one_clear_line(project, command_of):
    command = command_of(project)
    command[4] = str(project / "nowhere")
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"error: no dataset in {project / 'nowhere'}: run the curate stage first (dvc repro curate)"
    )


def test_a_device_that_is_not_there_is_refused(project, command_of):
    ended = subprocess.run(
        command_of(project, "--device", "cuda:99"), cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "--device cuda:99: this machine has" in ended.stderr


def test_a_folder_of_something_else_is_refused_before_anything_is_trained(project, command_of):
    (project / "photos").mkdir()
    (project / "photos/holiday.jpg").write_bytes(b"\xff\xd8\xff")
    (project / "link").symlink_to("photos")
    inside = "lie in each other: give folders beside each other"
    foreign = "holds holiday.jpg, which is no part of trained models: move it away, or give another folder"
    for target, says in (
        ("photos", foreign),
        ("link", foreign),
        ("curated", inside),
        (".", "holds the folder you are in: give another folder"),
        ("..", "holds the folder you are in: give another folder"),
    ):
        command = command_of(project)
        command[5] = target
        ended = subprocess.run(
            command,
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 1, target
        assert ended.stderr.startswith("error: ")
        assert ended.stderr.endswith(f"{says}\n")
        assert ended.stderr.count("\n") == 1
    assert (project / "photos/holiday.jpg").read_bytes() == b"\xff\xd8\xff"
    assert (project / "curated/index.json").is_file()
    assert not (project / "runs").exists()


def test_models_are_replaced_by_models_with_and_without_a_mark(tmp_path, dataset, params):
    short = params.model_copy(update={"total_kimg": 0.05})
    target = tmp_path / "models"

    def again():
        stage.run(dataset.folder, target, short, runs=tmp_path / "runs", device="cpu")
        return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())

    first = again()
    assert again() == first
    (target / MARK).unlink()  # as they were written before there were marks
    assert again() == first
    (target / "grids/mine.png").touch()
    with pytest.raises(UserError, match=r"holds grids/mine\.png, which is no part of trained models"):
        again()
