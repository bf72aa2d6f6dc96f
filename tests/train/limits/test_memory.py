from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from fashion_pggan.errors import UserError
from train.adaptive import look
from train.limits import memory
from train.limits.memory import check_memory, step_bytes
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.record.images import samples
from train.step.trainer import Trainer

HERE = Ranks(0, 1, torch.device("cpu"))
SHAPE = Architecture(64, 16, 1024, 64)


def test_what_a_step_keeps_grows_with_images_and_resolution(preset):
    """Each doubling of the images doubles what depends on them; the networks' own share stays."""
    sizes = {
        (side, count): step_bytes(SHAPE, preset, side, count) for side in (32, 64) for count in (8, 16, 32)
    }
    for side in (32, 64):
        more, most = sizes[side, 16] - sizes[side, 8], sizes[side, 32] - sizes[side, 16]
        assert most == pytest.approx(2 * more, rel=0.01)
    assert sizes[64, 32] > 1.5 * sizes[32, 32]


def test_the_estimate_is_of_the_size_that_a_step_keeps(preset):
    """Counted on a real pass, with its images."""
    trainer = Trainer(SHAPE, preset, HERE)
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        held, _ = trainer.critic_loss_of(
            memory.empty_batch(16, 64, SHAPE, "cpu"), memory.zero_rates("cpu"), 4, fading=False
        )
    networks = memory.STATE_COPIES * sum(4 * vector.numel() for vector in trainer.vectors.values())
    assert held.requires_grad
    assert step_bytes(SHAPE, preset, 64, 16) - networks == pytest.approx(sum(kept.values()), rel=0.05)


def test_a_resolution_that_does_not_fit_is_refused_before_the_first_step_with_advice(preset, monkeypatch):
    params = preset.model_copy(update={"minibatch": {4: 16, 64: 16}, "microbatch": {}})
    at_16, at_64 = (step_bytes(SHAPE, params, side, 16) for side in (4, 64))
    assert at_16 < at_64
    monkeypatch.setattr(memory, "_available", lambda: (at_16 + at_64) // 2)
    with pytest.raises(UserError, match=r"16 images at 64 px does not fit .*train\.microbatch: \{64: 8\}"):
        check_memory(Trainer(SHAPE, params, HERE), 64, 4)
    parts = params.model_copy(update={"microbatch": {64: 4}})
    check_memory(Trainer(SHAPE, parts, HERE), 64, 4)


def test_resolutions_that_are_passed_are_not_asked_for(preset, monkeypatch):
    asked = []
    monkeypatch.setattr(memory, "_compare", lambda trainer, side, images: asked.append((side, images)))
    check_memory(Trainer(SHAPE, preset, HERE), 64, 16)
    assert asked == [(16, 16), (32, 8), (64, 8)]


def test_the_check_leaves_the_networks_as_they_are(preset):
    trainer = Trainer(SHAPE, preset, HERE)
    before = {name: tensor.clone() for name, tensor in trainer.state().items()}
    check_memory(trainer, 64, 4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.state().items())


def test_processes_of_one_machine_share_its_memory(preset, monkeypatch):
    params = preset.model_copy(update={"minibatch": {4: 16, 64: 32}, "microbatch": {}})
    needed = step_bytes(SHAPE, params, 64, 16)
    monkeypatch.setattr(memory, "_available", lambda: int(1.5 * needed))
    check_memory(Trainer(SHAPE, params, replace(HERE, count=2)), 64, 64)
    both = Trainer(SHAPE, params, replace(HERE, count=2, local_count=2))
    with pytest.raises(UserError, match=r"16 images at 64 px does not fit \(2 processes need .*this machine"):
        check_memory(both, 64, 64)


def test_images_are_made_beside_a_step_in_no_larger_parts_than_is_tried():
    assert max(samples.AT_ONCE, look.AT_ONCE) == memory.MADE


GB = 10**9


class Device:
    """A CUDA device of so many bytes, on which a step takes 1 GB an image; a recorded one keeps it."""

    type = "cuda"

    def __init__(self, size, params, monkeypatch):
        self.size, self.held, self.kept, self.asked = size, 0, 0, []
        self.params, self.compiles, self.gradients = params, True, {"critic": "of a recorded step"}
        self.ranks, self.critic = Ranks(0, 1, self), SimpleNamespace(architecture=SHAPE)
        self.critic_gradient = self.generator_gradient = self.gradient
        self.average = SimpleNamespace(at=lambda latents, *where: self.take(GB // 4))
        self.parts_at = lambda doublings, share: Trainer.parts_at(self, doublings, share)
        monkeypatch.setattr(memory, "_held", self.hold)
        monkeypatch.setattr(
            memory,
            "empty_batch",
            lambda images, *_: SimpleNamespace(count=images, generator_latents=torch.zeros(images, 1)),
        )
        monkeypatch.setattr(memory, "zero_rates", lambda device: None)
        monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
        monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
        facts = SimpleNamespace(total_memory=size)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: facts)

    def take(self, size):
        if self.held + self.kept + size > self.size:
            raise torch.OutOfMemoryError

    def hold(self, size, device):
        self.held = size
        self.asked.append(size)
        self.take(0)

    def gradient(self, batch, *where):
        assert not self.compiles
        self.take(batch.count * GB)

    def record(self, batch, *where):
        self.kept = 0
        self.take(-(-batch.count // self.parts_at(where[1], batch.count)) * GB)
        self.kept = -(-batch.count // self.parts_at(where[1], batch.count)) * GB


@pytest.fixture
def device(preset, monkeypatch):
    def make(size, **changed):
        those = {"minibatch": {}, "minibatch_base": 8, "microbatch": {}, "resident_gb": 4.0, **changed}
        return Device(size, preset.model_copy(update=those), monkeypatch)

    return make


IMAGES = 3 * GB // (64 * 64 * 3)  # of the dataset: 3 GB at 64 px, and 12 GB at 128 px


def test_steps_are_tried_beside_the_level_that_lies_on_the_device(device):
    check_memory(device(8 * GB), 64, 64)
    check_memory(device(8 * GB, resident_gb=2.0), 64, 64, IMAGES)
    check_memory(device(11 * GB), 64, 64, IMAGES)
    tight = device(8 * GB)
    advice = r"8 images at 64 px does not fit \(the device has 8.0 GB with the dataset.s level of 3.0 GB "
    with pytest.raises(UserError, match=advice + r".*\{64: 4\}.*lower train\.resident_gb below 3, "):
        check_memory(tight, 64, 64, IMAGES)
    assert (tight.compiles, tight.gradients) == (True, {}), "all is as it was"


def test_a_level_that_is_too_large_to_lie_on_the_device_is_not_counted(device):
    there = device(12 * GB)
    check_memory(there, 128, 32, IMAGES)
    assert [round(size / GB, 2) for size in there.asked] == [0.75, 3.0, 0.0]


def test_a_recorded_step_keeps_its_memory_while_images_are_made_beside_it(device):
    plain = device(8 * GB)
    check_memory(plain, 64, 64)
    recorded = device(8 * GB)
    with pytest.raises(UserError, match="8 images at 64 px does not fit"):
        check_memory(recorded, 64, 64, record=recorded.record)
    recorded = device(9 * GB)
    check_memory(recorded, 64, 64, record=recorded.record)
    assert recorded.kept == 8 * GB


def test_a_step_in_parts_is_recorded_as_a_whole(device):
    recorded = device(5 * GB, microbatch={64: 4})
    check_memory(recorded, 64, 64, record=recorded.record)
    assert recorded.kept == 4 * GB
    tight = device(4 * GB, microbatch={64: 4})
    with pytest.raises(UserError, match=r"a pass of 4 images at 64 px .*\{64: 2\}"):
        check_memory(tight, 64, 64, record=tight.record)
