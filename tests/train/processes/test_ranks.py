"""Several processes on one machine, over gloo."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from generate.sampling.sampler import Sampler, snapshots_in
from train.processes.ranks import Ranks, share_from_first
from train.record.log import read_rows
from train.step.all_reduce import average_over

pytestmark = pytest.mark.timeout(1800)  # minutes, but on a busy machine

REPOSITORY = Path(__file__).parents[3]
ENDLESS = {"total_kimg": 1e6, "snapshot_kimg": 1e6}  # without snapshots that no disk can hold


WORKER = """
import sys, torch
from dataclasses import replace
from pathlib import Path
from fashion_pggan.params import load_params
from fashion_pggan.storage.shards import Dataset
from fashion_pggan.devices import device_of
from train.step.data import Feed
from train.processes.ranks import join, leave
from train.model.networks import Architecture
from train.growth.schedule import phase_at
from train.step.trainer import Rates, Trainer
ranks = join(device_of("cpu"))
torch.set_default_dtype(torch.float64)
params = load_params(Path(sys.argv[1])).train
dataset = Dataset(Path(sys.argv[3]))
shape = Architecture(
    dataset.resolution, params.latent_size, params.fmap_base, params.fmap_max, params.stddev_group
)
steps = Trainer(shape, params, ranks)
images_shown = int(sys.argv[4])
phase = phase_at(images_shown, dataset.resolution, ranks.count, params)
batch = Feed(dataset, params, ranks).batch_at(images_shown, phase)
wide = ("mixing", "critic_latents", "generator_latents", "draws")
batch = replace(batch, **{name: getattr(batch, name).double() for name in wide})
rates = Rates(torch.tensor(phase.fade), torch.tensor(0.0), torch.tensor(0.0))
where = (batch, rates, phase.doublings, phase.fade > 0)
gradients = [steps.critic_gradient(*where)[0], steps.generator_gradient(*where)[0]]
if ranks.first:
    torch.save(gradients, sys.argv[5])
leave(ranks)
"""


def _gradients(project, processes, images_shown):
    """Of critic and generator, in float64."""
    out = project / f"gradients-{processes}.pt"
    (project / "worker.py").write_text(WORKER)
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    arguments = [
        project / "params.yaml",
        project / f"run-{processes}",
        project / "curated",
        images_shown,
        out,
    ]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, *launcher, str(project / "worker.py"), *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment,
        check=True,
    )
    return torch.load(out, weights_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("images_shown", [0, 400, 700], ids=["4 px", "in a fade", "16 px"])
def test_two_processes_have_the_averaged_gradients_of_one(project, params, images_shown, write_params):
    write_params(project / "params.yaml", params.model_copy(update={"minibatch": {4: 16, 8: 16, 16: 16}}))
    alone, together = (_gradients(project, processes, images_shown) for processes in (1, 2))
    for one, two in zip(alone, together, strict=True):
        assert one.abs().max() > 0.01
        torch.testing.assert_close(one, two, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_two_processes_train_and_log_what_one_does(project, params, undisturbed, write_params, command_of):
    """Rows, alarms and TensorBoard's curves are of all processes; later, rounding has grown."""
    write_params(project / "params.yaml", params.model_copy(update={"processes": 2}))
    subprocess.run(command_of(project), cwd=REPOSITORY, check=True)
    assert json.loads((project / "train.json").read_text())["processes"] == 2
    assert len(snapshots_in(project / "models")) == 5
    rows = [read_rows(folder / "training.csv") for folder in (undisturbed.folder, project)]
    assert [row.alarms for row in rows[0]] == [row.alarms for row in rows[1]]
    curves = [_curves(folder) for folder in (undisturbed.folder, *project.glob("runs/*"))]
    assert curves[0].keys() == curves[1].keys()
    for tag in curves[0].keys() - {"speed/images_per_s", "speed/s_per_kimg"}:
        assert len(curves[0][tag]) == len(curves[1][tag]) > 0
        if len(curves[0][tag]) == len(rows[0]):  # gradients of the higher levels come later
            assert curves[1][tag][:2] == pytest.approx(curves[0][tag][:2], rel=1e-3, abs=1e-6), tag
    for row, *columns in zip(rows[1], curves[1]["loss/critic"], curves[1]["score/real"], strict=True):
        assert columns == pytest.approx([row.critic_loss, row.score_real], rel=1e-6)


def _curves(run):
    """TensorBoard's values, by tag."""
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return {tag: [event.value for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


@pytest.fixture
def start():
    """Start a command and read its errors; what is left of it when the test ends is killed."""
    started = []

    def starting(command):
        launcher = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(launcher)
        return launcher

    yield starting
    for launcher in started:
        left = []
        with suppress(psutil.NoSuchProcess):
            left = psutil.Process(launcher.pid).children(recursive=True)
        launcher.kill()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        launcher.wait()
        launcher.stderr.close()


def _by_torchrun(command, *launching):
    """The stage under torchrun, with two processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *launching]
    return [command[0], *launcher, *command[1:]]


def _kill_one(project, launcher, number):
    """Wait for a checkpoint, then kill a process of the training with no chance to say anything."""
    while launcher.poll() is None and not list(project.glob("runs/*/checkpoint-*")):
        time.sleep(0.02)
    workers = {}
    for process in psutil.Process(launcher.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a helper of the launcher that has just ended
            rank = process.environ().get("RANK")
            if rank is not None:
                workers[int(rank)] = process
    workers[number].kill()


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_dies_ends_the_run_with_one_clear_error(
    project, params, number, write_params, command_of, start
):
    """Three processes, so that two of them lose it."""
    those = {**ENDLESS, "checkpoint_s": 0.05, "processes": 3, "minibatch": {}, "minibatch_base": 12}
    write_params(project / "params.yaml", params.model_copy(update=those))
    launcher = start(command_of(project))
    _kill_one(project, launcher, number)
    _, said = launcher.communicate()
    assert launcher.returncode == os.EX_TEMPFAIL
    assert "Traceback" not in said
    (error,) = (line for line in said.splitlines() if line.startswith("error: "))
    assert f"process {number} of 3 was killed (SIGKILL)" in error
    assert "run again to resume from the last checkpoint" in error


@pytest.mark.slow
def test_under_torchrun_one_of_the_processes_left_says_that_it_lost_another(
    project, params, write_params, command_of, start
):
    """The traceback is torchrun's own."""
    those = {**ENDLESS, "checkpoint_s": 0.05, "minibatch": {}, "minibatch_base": 12}
    write_params(project / "params.yaml", params.model_copy(update=those))
    launcher = start(_by_torchrun(command_of(project), "--nproc-per-node=3"))
    _kill_one(project, launcher, 1)
    _, said = launcher.communicate()
    assert launcher.returncode != 0
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(errors) <= 1, "torchrun may end the other ones before they say anything"
    assert all("lost the others" in line and "run again to resume from the last" in line for line in errors)
    assert "SIGKILL" in said


@pytest.mark.slow
def test_an_error_that_all_processes_have_is_one_line(project, params, write_params, command_of, start):
    those = {"processes": 2, "cuda_graphs": True}
    write_params(project / "params.yaml", params.model_copy(update=those))
    launcher = start(command_of(project))
    _, said = launcher.communicate()
    assert launcher.returncode == 1
    (error,) = (line for line in said.splitlines() if line.startswith("error: "))
    assert "train.cuda_graphs is true, but a graph records one process and here are 2" in error
    assert "Traceback" not in said


@pytest.mark.slow
def test_an_elastic_restart_ends_with_the_models_of_an_undisturbed_run(
    project, params, tmp_path_factory, write_params, command_of, start
):
    write_params(project / "params.yaml", params.model_copy(update={"total_kimg": 4.0, "checkpoint_s": 0.05}))
    launcher = start(_by_torchrun(command_of(project), "--max-restarts=2"))
    _kill_one(project, launcher, 1)
    _, said = launcher.communicate()
    assert launcher.returncode == 0, said
    disturbed = [Sampler.load(path) for path in snapshots_in(project / "models")]
    for folder in ("models", "runs"):
        (project / folder).rename(project / f"disturbed-{folder}")
    launcher = start(_by_torchrun(command_of(project)))
    launcher.communicate()
    undisturbed = [Sampler.load(path) for path in snapshots_in(project / "models")]
    assert len(disturbed) == len(undisturbed) > 10
    for one, other in zip(disturbed, undisturbed, strict=True):
        expected = other.generator.state_dict()
        assert all(torch.equal(v, expected[k]) for k, v in one.generator.state_dict().items())


@pytest.mark.slow
def test_a_termination_of_all_processes_saves_what_was_trained(
    project, params, write_params, command_of, start
):
    write_params(project / "params.yaml", params.model_copy(update=ENDLESS))
    launcher = start(_by_torchrun(command_of(project)))
    while launcher.poll() is None and not any(
        len(log.read_text().splitlines()) > 1 for log in project.glob("runs/*/training.csv")
    ):
        time.sleep(0.02)  # until a step has been logged: by then each process saves before it ends
    launcher.send_signal(signal.SIGTERM)
    launcher.communicate()
    assert list(project.glob("runs/*/checkpoint-*"))


def test_one_process_averages_and_shares_with_itself():
    alone = Ranks(0, 1, torch.device("cpu"))
    vector = torch.arange(3.0)
    average_over(vector, alone)
    assert share_from_first([vector], {"a": 1}, alone) == {"a": 1}
    assert torch.equal(vector, torch.arange(3.0))
