import pytest
import torch

from fashion_pggan.errors import UserError
from train.limits import memory
from train.limits.memory import check_memory, step_bytes
from train.model.networks import Architecture
from train.processes.ranks import Ranks
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
