import csv
import signal

import pytest
import torch

from fashion_pggan.errors import UserError
from generate.sampling.sampler import Sampler, snapshots_in
from train import run as run_module
from train.machine.interruption import Interruption
from train.processes.ranks import Ranks
from train.record.running_means import RunningMeans
from train.run import Run

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


def test_a_resumed_run_is_bit_for_bit_the_run_that_never_stopped(
    tmp_path, dataset, params, undisturbed, monkeypatch
):
    """Stopped in every phase: alone, in a fade, at each reset of the optimizers."""
    every_step = params.model_copy(update={"checkpoint_s": 1e-9})
    advance = Run.advance
    stops = iter(range(1, 1000, 7))
    looks = 0
    stop_at = next(stops)

    def stopping(self, means, stops):
        nonlocal looks, stop_at
        looks += 1
        if looks >= stop_at:
            stop_at = looks + 7
            raise KilledError
        return advance(self, means, stops)

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


def test_optimizers_start_afresh_when_a_transition_starts_and_when_it_ends(
    tmp_path, dataset, params, monkeypatch
):
    starts = []
    advance = Run.advance

    def watching(self, means, *stops):
        before = int(self.trainer.critic_optimizer.taken)
        images_shown = self.images_shown
        phase = advance(self, means, *stops)
        if int(self.trainer.critic_optimizer.taken) != before + params.minibatch_repeats or before == 0:
            assert int(self.trainer.generator_optimizer.taken) == params.minibatch_repeats
            starts.append(images_shown)
        return phase

    monkeypatch.setattr(Run, "advance", watching)
    run = Run(tmp_path, dataset, params, ALONE, "commit")
    while run.images_shown < 800:
        run.advance(RunningMeans.empty())
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
        UserError, match=r"gradients were not finite in \d+ steps in a row.*lower train\.learning"
    ):
        _train(tmp_path, dataset, explosive)


def test_a_checkpoint_of_other_networks_is_refused(tmp_path, dataset, params, undisturbed):
    other = params.model_copy(update={"fmap_max": 4})
    with pytest.raises(UserError, match=r"does not fit the run \(.* is not torch.float32"):
        Run(undisturbed.folder, dataset, other, ALONE, "commit")


def test_what_does_not_change_the_training_may_change(dataset, params, undisturbed):
    longer = params.model_copy(update={"total_kimg": 900.0, "log_kimg": 7.0, "snapshot_kimg": 3.0})
    assert Run(undisturbed.folder, dataset, longer, ALONE, "commit").images_shown == undisturbed.images_shown


def test_a_run_stopped_after_any_step_resumes_bit_for_bit(tmp_path, dataset, params, monkeypatch):
    """Also between two looks at the schedule: the rest of the steps belongs to the look before."""
    often = params.model_copy(update={"minibatch_repeats": 3})
    calm = _train(tmp_path / "calm", dataset, often)
    looks = 0

    def fifth(self):
        nonlocal looks
        looks += 1
        self.agreed = 0 if looks % 5 else signal.SIGTERM
        return bool(self)

    monkeypatch.setattr(Interruption, "look", fifth)
    stops, between = 0, 0
    while True:
        run = Run(tmp_path / "stopped", dataset, often, ALONE, "commit")
        between += not run.loop.at_a_look
        try:
            run.go()
            break
        except SystemExit:
            stops += 1
    assert stops > 15
    assert between > 5
    _assert_same(calm, run)


def test_graphs_of_several_processes_are_refused_by_name(tmp_path, dataset, params):
    recorded = params.model_copy(update={"cuda_graphs": True})
    with pytest.raises(UserError, match=r"train\.cuda_graphs is true, but .* here are 2: set it to false"):
        Run(tmp_path, dataset, recorded, Ranks(0, 2, torch.device("cpu")), "commit")
