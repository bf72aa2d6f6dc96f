"""The trainer on a CUDA device, against itself on the CPU and against the reference values."""

import numpy as np
import pytest
import torch

from fashion_pggan.errors import UserError
from train.exchange.variables import load_official
from train.growth.schedule import Phase
from train.limits.memory import check_memory
from train.machine.graphs import Recorded
from train.model.networks import Architecture, Critic, Generator, downscale
from train.model.precision import set_precision
from train.processes.ranks import Ranks
from train.run import Run
from train.step.data import Feed, faded
from train.step.losses import critic_loss, generator_loss, penalty_target
from train.step.trainer import Rates, Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),  # within PyTorch's own compiler
]
CPU = Ranks(0, 1, torch.device("cpu"))
SHAPE = Architecture(16, 8, 128, 16)
ALONE = Phase(lod=0.0, resolution=16, minibatch=8, learning_rate=0.001)
FADING = Phase(lod=0.3, resolution=16, minibatch=8, learning_rate=0.001)


@pytest.fixture
def cuda():
    set_precision("float32")
    yield Ranks(0, 1, torch.device("cuda:0"))
    set_precision("float32")


def _rates(phase, ranks):
    numbers = (phase.fade, phase.learning_rate, 0.9)
    return Rates(*(torch.full((), number, device=ranks.device) for number in numbers))


def _gradients(params, dataset, ranks, phase, **changed):
    params = params.model_copy(update=changed)
    steps, feed = Trainer(SHAPE, params, ranks), Feed(dataset, params, ranks)
    where = (feed.batch_at(0, phase), _rates(phase, ranks), phase.doublings, phase.fade > 0)
    feed.close()
    return [gradient(*where)[0].cpu() for gradient in (steps.critic_gradient, steps.generator_gradient)]


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
    assert float(loss) == pytest.approx(float(golden[f"lod{lod:g}/d_loss"]), rel=tolerance)
    expected = float(golden[f"lod{lod:g}/g_loss"])
    assert float(generator_loss(critic(fakes, lod))) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("phase", [ALONE, FADING], ids=["alone", "fading"])
def test_float32_gradients_are_those_of_the_cpu(cuda, dataset, params, phase):
    pairs = zip(*(_gradients(params, dataset, ranks, phase) for ranks in (CPU, cuda)), strict=True)
    for expected, actual in pairs:
        assert float((actual - expected).norm() / expected.norm()) < 1e-3


@pytest.mark.parametrize(
    "changed",
    [{"precision": "bfloat16"}, {"compile": True}, {"precision": "bfloat16", "compile": True}],
    ids=str,
)
def test_faster_ways_have_gradients_of_the_same_direction(cuda, dataset, params, changed):
    pairs = zip(
        _gradients(params, dataset, CPU, FADING),
        _gradients(params, dataset, cuda, FADING, **changed),
        strict=True,
    )
    for expected, actual in pairs:
        assert float(torch.cosine_similarity(actual, expected, dim=0)) > 0.98


@pytest.mark.parametrize("compiles", [False, True])
def test_a_recorded_step_does_what_the_step_does(cuda, dataset, params, compiles):
    """Over several steps and a change of phase; whatever warming up and recording did is undone."""
    params = params.model_copy(update={"compile": compiles})
    plain, recorded = (Trainer(SHAPE, params, cuda) for _ in range(2))
    playback = Recorded(recorded)
    feed = Feed(dataset, params, cuda)
    shown = 0
    for phase in (ALONE, ALONE, FADING, FADING, ALONE):
        batch = feed.batch_at(shown, phase)
        where = (batch, _rates(phase, cuda), phase.doublings, phase.fade > 0)
        expected = {name: float(value) for name, value in plain.step(*where).items()}
        actual = {name: float(value) for name, value in playback.step(*where).items()}
        assert actual == pytest.approx(expected, rel=1e-3, abs=1e-4)
        shown += phase.minibatch
    feed.close()
    for name, tensor in plain.state().items():
        torch.testing.assert_close(recorded.state()[name], tensor, rtol=1e-2, atol=1e-3)
    assert int(recorded.critic_optimizer.taken) == int(plain.critic_optimizer.taken) == 5


def test_a_level_on_the_device_gives_the_images_of_the_shards(cuda, dataset, params):
    feeds = [Feed(dataset, params.model_copy(update={"resident_gb": size}), cuda) for size in (0.0, 1.0)]
    for shown in (0, 8, 64):
        one, other = (feed.batch_at(shown, ALONE) for feed in feeds)
        for tensor, same in zip(one.tensors(), other.tensors(), strict=True):
            assert tensor.device == same.device == cuda.device
            assert torch.equal(tensor, same)
    for feed in feeds:
        feed.close()


def test_a_step_waits_for_nothing(cuda, dataset, params):
    steps, feed = Trainer(SHAPE, params, cuda), Feed(dataset, params, cuda)
    where = (feed.batch_at(0, FADING), _rates(FADING, cuda), FADING.doublings, True)
    steps.step(*where)
    torch.cuda.set_sync_debug_mode("error")
    try:
        steps.step(*where)
    finally:
        torch.cuda.set_sync_debug_mode("default")
        feed.close()


def test_a_resolution_that_does_not_fit_is_refused_with_advice_that_fits(cuda, preset):
    huge = preset.model_copy(update={"minibatch": {4: 16, 256: 1 << 16}, "minibatch_base": 16})
    with pytest.raises(UserError, match=r"65536 images at 256 px does not fit .*\{256: 32768\}"):
        check_memory(Trainer(Architecture(256, 16, 1024, 64), huge, cuda), 256, 4)


@pytest.mark.parametrize(
    "changed",
    [{}, {"precision": "bfloat16", "compile": True, "cuda_graphs": True}, {"microbatch": {8: 4, 16: 4}}],
    ids=["as it is", "fast", "in parts"],
)
def test_a_whole_run_trains_and_resumes(cuda, tmp_path, dataset, params, changed):
    for total_kimg in (0.4, 0.8):
        run = Run(
            tmp_path, dataset, params.model_copy(update={"total_kimg": total_kimg, **changed}), cuda, "commit"
        )
        run.go()
    assert run.images_shown == 800
    assert run.skipped_steps == 0
    assert (tmp_path / "snapshots/000000.800.safetensors").is_file()
