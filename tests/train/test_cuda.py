"""The trainer on a CUDA device, against the CPU and the reference values; nothing compiles."""

import numpy as np
import pytest
import torch

from fashion_pggan.errors import UserError
from train.exchange.variables import load_official
from train.limits.memory import check_memory
from train.machine.graphs import Recorded
from train.model.networks import Architecture, Critic, Generator, downscale
from train.step.data import Feed, faded
from train.step.losses import critic_loss, generator_loss, penalty_target
from train.step.trainer import Trainer

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("lod", [0.0, 0.3, 1.0, 1.75, 3.0])
@pytest.mark.parametrize("kind", [torch.float64, torch.float32])
def test_losses_are_the_reference_ones(cuda, shared, lod, kind):
    with np.load(shared / "golden/pggan_res32.npz") as file:
        golden = {name: file[name] for name in file.files}
    resolution, fmap_base, fmap_max, latent_size = (int(number) for number in golden["config"])
    shape = Architecture(resolution, latent_size, fmap_base, fmap_max)
    generator, critic = Generator(shape).to(kind), Critic(shape).to(kind)
    for network, letter in ((generator, "G"), (critic, "D")):
        prefix = f"param/{letter}/"
        named = {n.removeprefix(prefix): v for n, v in golden.items() if n.startswith(prefix)}
        load_official(network, letter, named)
        network.to(cuda.device)
    latents, full, mixing = (
        torch.from_numpy(golden[name]).to(cuda.device, kind) for name in ("z", "reals", "mix")
    )
    reals = faded(downscale(full, 2 ** int(lod)), lod - int(lod) or None)
    fakes = generator(latents, lod)
    loss = critic_loss(
        critic,
        reals,
        fakes.detach(),
        mixing,
        *shape.grown(lod),
        gp_target=penalty_target(int(lod), "final"),
        gp_weight=10.0,
        drift_weight=0.001,
    ).loss
    tolerance = 1e-7 if kind == torch.float64 else 2e-3
    assert float(loss.detach()) == pytest.approx(float(golden[f"lod{lod:g}/d_loss"]), rel=tolerance)
    expected = float(golden[f"lod{lod:g}/g_loss"])
    assert float(generator_loss(critic(fakes, lod)).detach()) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("phase", ["alone", "fading"])
def test_float32_gradients_are_those_of_the_cpu(cuda, both, gradients, phase):
    pairs = zip(*(gradients(ranks, both[phase]) for ranks in (None, cuda)), strict=True)
    for expected, actual in pairs:
        assert float((actual - expected).norm() / expected.norm()) < 1e-3


def test_half_precision_has_gradients_of_the_same_direction(cuda, both, gradients):
    fast = gradients(cuda, both["fading"], precision="bfloat16")
    for expected, actual in zip(gradients(None, both["fading"]), fast, strict=True):
        assert float(torch.cosine_similarity(actual, expected, dim=0)) > 0.98


def test_a_recorded_step_does_what_the_step_does(real_gpu, same_as_recorded):
    same_as_recorded(compiles=False)


def test_a_step_is_recorded_while_the_next_minibatch_is_prepared(
    real_gpu, cuda, dataset, params, both, rates
):
    """Recording forbids a thread some calls; the thread that prepares minibatches must not be among them."""
    trainer, feed = Trainer(Architecture(16, 8, 128, 16), params, cuda), Feed(dataset, params, cuda)
    playback = Recorded(trainer)
    for number, phase in enumerate((both["alone"], both["fading"]) * 4):
        batch = feed.batch_at(8 * number, phase)
        playback.step(batch, rates(phase, cuda), phase.doublings, phase.fade > 0)
    feed.close()
    assert int(trainer.critic_optimizer.taken) == 8


def test_a_level_on_the_device_gives_the_images_of_the_shards(real_gpu, cuda, dataset, params, both):
    feeds = [Feed(dataset, params.model_copy(update={"resident_gb": size}), cuda) for size in (0.0, 1.0)]
    for shown in (0, 8, 64):
        one, other = (feed.batch_at(shown, both["alone"]) for feed in feeds)
        for tensor, same in zip(one.tensors(), other.tensors(), strict=True):
            assert tensor.device == same.device == cuda.device
            assert torch.equal(tensor, same)
    for feed in feeds:
        feed.close()


def test_a_step_waits_for_nothing(real_gpu, cuda, dataset, params, both, rates):
    phase = both["fading"]
    steps, feed = Trainer(Architecture(16, 8, 128, 16), params, cuda), Feed(dataset, params, cuda)
    where = (feed.batch_at(0, phase), rates(phase, cuda), phase.doublings, True)
    steps.step(*where)
    torch.cuda.set_sync_debug_mode("error")
    try:
        steps.step(*where)
    finally:
        torch.cuda.set_sync_debug_mode("default")
        feed.close()


def test_a_resolution_that_does_not_fit_is_refused_with_advice_that_fits(real_gpu, cuda, preset):
    huge = preset.model_copy(update={"minibatch": {4: 16, 256: 1 << 16}, "minibatch_base": 16})
    with pytest.raises(UserError, match=r"65536 images at 256 px does not fit .*\{256: 32768\}"):
        check_memory(Trainer(Architecture(256, 16, 1024, 64), huge, cuda), 256, 4)


@pytest.mark.parametrize(
    "changed",
    [{}, {"precision": "bfloat16", "cuda_graphs": True}, {"microbatch": {8: 4, 16: 4}}],
    ids=["as it is", "recorded", "in parts"],
)
def test_a_whole_run_trains_and_resumes(train_twice, changed):
    train_twice(changed)
