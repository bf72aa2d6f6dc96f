import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from generate.sampler import Sampler, snapshots_in
from train import run as run_module
from train import stage
from train.distributed import Ranks
from train.record.log import read_rows
from train.run import MATHEMATICS, Run, program_of

REPOSITORY = Path(__file__).parents[2]
ALONE = Ranks(0, 1, torch.device("cpu"))


class KilledError(Exception):
    """A run that ends in the middle, as by a kill."""


def _train(folder, dataset, params):
    training = Run(folder, dataset, params, ALONE, "commit")
    training.go()
    return training


def _assert_same(first: Run, second: Run) -> None:
    for name in ("generator", "critic", "average"):
        one, other = getattr(first, name).state_dict(), getattr(second, name).state_dict()
        for key, value in one.items():
            assert torch.equal(value, other[key]), (name, key)
    for name in ("generator_optimizer", "critic_optimizer"):
        one, other = (getattr(run, name).state_dict()["state"] for run in (first, second))
        assert one.keys() == other.keys()
        for index, values in one.items():
            for key, value in values.items():
                assert torch.equal(value, other[index][key]), (name, index, key)


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

    def stopping(self, measured):
        nonlocal looks, stop_at
        looks += 1
        if looks >= stop_at:
            stop_at = looks + 7
            raise KilledError
        return advance(self, measured)

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
    start = Run._start_optimizers

    def counting(self):
        starts.append(self.images_shown)
        start(self)

    monkeypatch.setattr(Run, "_start_optimizers", counting)
    _train(tmp_path, dataset, params)
    assert starts == [0, 160, 304, 464, 608]  # the first looks after 0, 150, 300, 450 and 600 images


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


def test_a_change_of_the_mathematics_is_another_training_and_one_of_the_log_is_not(tmp_path):
    program = REPOSITORY / "train"
    for path in program.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = program_of(tmp_path)
    (tmp_path / "log.py").write_text("# a better log")
    assert program_of(tmp_path) == program_of(program) == before
    for name in MATHEMATICS:
        whole = (tmp_path / f"{name}.py").read_text()
        (tmp_path / f"{name}.py").write_text(whole + "\n")
        assert program_of(tmp_path) != before
        (tmp_path / f"{name}.py").write_text(whole)


def test_what_does_not_change_the_training_may_change(dataset, params, undisturbed):
    longer = params.model_copy(update={"total_kimg": 900.0, "log_kimg": 7.0, "snapshot_kimg": 3.0})
    assert Run(undisturbed.folder, dataset, longer, ALONE, "commit").images_shown == undisturbed.images_shown


def _write_params(path, train):
    values = load_params(REPOSITORY / "presets" / "photos.yaml").model_dump()
    values["train"] = train.model_dump()
    path.write_text(yaml.safe_dump(values))


def _command(folder, *more):
    return [
        *(sys.executable, "-m", "train", "run", str(folder / "curated"), str(folder / "models")),
        *("--params", str(folder / "params.yaml"), "--runs", str(folder / "runs")),
        *("--report", str(folder / "train.json"), "--history", str(folder / "training.csv"), *more),
    ]


@pytest.fixture
def project(tmp_path, params, dataset):
    shutil.copytree(dataset.folder, tmp_path / "curated")
    _write_params(tmp_path / "params.yaml", params)
    return tmp_path


def test_the_stage_killed_again_and_again_ends_with_the_models_of_an_undisturbed_one(
    project, undisturbed, params
):
    _write_params(project / "params.yaml", params.model_copy(update={"checkpoint_s": 0.05}))
    for wait_s in (0.3, 0.6):
        process = subprocess.Popen(_command(project), cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until and not list(project.glob("runs/*/checkpoint-*")):
            time.sleep(0.05)
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(_command(project), cwd=REPOSITORY, check=True, timeout=120)
    ours, theirs = snapshots_in(project / "models"), snapshots_in(undisturbed.folder)
    assert [path.name for path in ours] == [path.name for path in theirs]
    for one, other in zip(ours, theirs, strict=True):
        weights, expected = (Sampler.load(path).generator.state_dict() for path in (one, other))
        assert all(torch.equal(weights[name], expected[name]) for name in expected)
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


def test_a_termination_ends_the_stage_with_its_status(project, params):
    _write_params(project / "params.yaml", params.model_copy(update={"total_kimg": 10_000.0}))
    process = subprocess.Popen(_command(project), cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not list(project.glob("runs/*/snapshots/*")):
        time.sleep(0.05)
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "Traceback" not in said
    assert list(project.glob("runs/*/checkpoint-*")), "a termination saves what was trained"


def test_two_trainings_of_the_same_run_do_not_fight(project, params, dataset):
    folder = stage.run_directory(project / "runs", params, dataset, ALONE)
    folder.mkdir(parents=True)
    program = (
        "import sys, time; from pathlib import Path; from fashion_pggan.files import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        ended = subprocess.run(_command(project), cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
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


def test_a_missing_data_set_is_one_clear_line(project):
    command = _command(project)
    command[4] = str(project / "nowhere")
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"error: no data set in {project / 'nowhere'}: run the curate stage first (dvc repro curate)"
    )


def test_a_device_that_is_not_there_is_refused(project):
    ended = subprocess.run(
        _command(project, "--device", "cuda:99"), cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "--device cuda:99: this machine has" in ended.stderr


WORKER = """
import sys, torch
from pathlib import Path
from fashion_pggan.params import load_params
from fashion_pggan.shards import Dataset
from train.distributed import device_of, join, leave
from train.run import Run, phase_at
ranks = join(device_of("cpu"))
params = load_params(Path(sys.argv[1])).train
run = Run(Path(sys.argv[2]), Dataset(Path(sys.argv[3])), params, ranks, "commit")
run.critic.double(), run.generator.double()
run.images_shown = int(sys.argv[4])
phase = run.phase
steps = {}
import train.run as module
def keep(optimizer, rate, params):
    held = [parameter.grad for parameter in optimizer.param_groups[0]["params"]]
    steps[id(optimizer)] = [gradient.clone() for gradient in held if gradient is not None]
    return False
module.step_if_finite = keep
draw = run._share
run._share = lambda *a: draw(*a).double()
module.reals_at = (lambda f: lambda *a, **k: f(*a, **k).double())(module.reals_at)
run._critic_step(phase); run._generator_step(phase)
if ranks.first:
    torch.save([steps[id(run.critic_optimizer)], steps[id(run.generator_optimizer)]], sys.argv[5])
leave(ranks)
"""


def _gradients(project, processes, images_shown):
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
        timeout=120,
    )
    return torch.load(out, weights_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("images_shown", [0, 400, 700], ids=["4 px", "in a fade", "16 px"])
def test_two_processes_have_the_averaged_gradients_of_one(project, params, images_shown):
    _write_params(project / "params.yaml", params.model_copy(update={"minibatch": {4: 16, 8: 16, 16: 16}}))
    alone, together = (_gradients(project, processes, images_shown) for processes in (1, 2))
    for one, two in zip(alone, together, strict=True):
        assert len(one) == len(two) > 4
        for first, second in zip(one, two, strict=True):
            torch.testing.assert_close(first, second, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_training_runs_under_torchrun_with_two_processes(project):
    command = _command(project)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run(
        [command[0], *launcher, *command[1:]],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
        timeout=180,
    )
    assert json.loads((project / "train.json").read_text())["processes"] == 2
    assert len(snapshots_in(project / "models")) == 5
