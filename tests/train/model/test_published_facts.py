"""Published numbers that no other test pins: sizes, epsilons, precision, half-lives, what a step draws."""

import math
from collections import Counter

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from train.growth.schedule import Phase
from train.model.layers import LatentDense, minibatch_stddev, pixel_norm
from train.model.networks import Architecture, Critic, Generator
from train.processes.ranks import Ranks
from train.step.data import Feed
from train.step.ema import decay_of
from train.step.trainer import Rates, Trainer

HERE = Ranks(0, 1, torch.device("cpu"))

# resolution: parameters of the generator's block and of its colour layer, of the whole generator, of what it
# deploys (the last colour layer alone); the same of the critic
SIZES = {
    4: (6_554_624, 1_539, 6_556_163, 6_556_163, 6_559_745, 2_048, 6_561_793, 6_561_793),
    8: (4_719_616, 1_539, 11_277_318, 11_275_779, 4_719_616, 2_048, 11_283_457, 11_281_409),
    16: (4_719_616, 1_539, 15_998_473, 15_995_395, 4_719_616, 2_048, 16_005_121, 16_001_025),
    32: (4_719_616, 1_539, 20_719_628, 20_715_011, 4_719_616, 2_048, 20_726_785, 20_720_641),
    64: (1_769_984, 771, 22_490_383, 22_484_227, 1_770_240, 1_024, 22_498_049, 22_489_857),
    128: (442_624, 387, 22_933_394, 22_926_467, 442_752, 512, 22_941_313, 22_932_097),
    256: (110_720, 195, 23_044_309, 23_036_995, 110_784, 256, 23_052_353, 23_042_625),
    512: (27_712, 99, 23_072_120, 23_064_611, 27_744, 128, 23_080_225, 23_070_241),
    1024: (6_944, 51, 23_079_115, 23_071_507, 6_960, 64, 23_087_249, 23_077_137),
}


def _counts(network, colours):
    block = network.blocks[-1] if len(network.blocks) else None
    whole = _size(network)
    entries = _size(colours)
    if block is None:
        return whole - entries, _size(colours[-1]), whole, whole
    return _size(block), _size(colours[-1]), whole, whole - entries + _size(colours[-1])


def _size(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("resolution", SIZES)
def test_every_block_and_network_has_the_published_number_of_parameters(resolution):
    with torch.device("meta"):
        architecture = Architecture(resolution, 512, 8192, 512)
        generator, critic = Generator(architecture), Critic(architecture)
    counts = (*_counts(generator, generator.to_rgb), *_counts(critic, critic.from_rgb))
    assert counts == SIZES[resolution]


def test_the_first_layer_has_a_bias_per_channel_and_not_per_output():
    with torch.device("meta"):
        assert LatentDense(512, 512).bias.shape == (512,)


def test_an_image_of_512_px_costs_the_published_products():
    """22.9 thousand million with fused doubling, where 35.4 would be needed without."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        Generator(Architecture(512, 512, 8192, 512))(torch.empty(1, 512), 0.0)
    assert counter.get_total_flops() / 2 == pytest.approx(22.9e9, rel=0.005)


def test_pixel_norm_has_its_epsilon_under_the_root():
    """At features of 1e-4 half of what is under the root is the epsilon, 1e-8."""
    x = torch.full((1, 5, 2, 2), 1e-4, dtype=torch.float64)
    torch.testing.assert_close(pixel_norm(x), torch.full_like(x, math.sqrt(0.5)))


def test_minibatch_statistics_are_taken_in_float32_whatever_the_features_are():
    """Their mean, 30.03125, is no number of bfloat16, which would take 30."""
    x = torch.tensor([30.0, 30.0, 30.0, 30.125], dtype=torch.bfloat16).view(4, 1, 1, 1)
    statistics = minibatch_stddev(x, group=4)[:, -1].flatten()
    expected = torch.full((4,), 0.125 * math.sqrt(3) / 4)
    torch.testing.assert_close(statistics.float(), expected, rtol=0.004, atol=0)


@pytest.mark.parametrize(
    ("minibatch", "half_life"),
    [(4, 2.8), (8, 5.5), (16, 11.1), (32, 22), (64, 44), (128, 89), (256, 177), (512, 355)],
)
def test_the_average_forgets_half_over_the_published_number_of_images(preset, minibatch, half_life):
    decay = decay_of(0, minibatch, preset.model_copy(update={"ema_decay": 0.999, "ema_half_life_kimg": 0.0}))
    kimg = minibatch * math.log(0.5) / math.log(decay) / 1000
    assert kimg == pytest.approx(half_life, abs=0.5 if half_life > 20 else 0.06)


@pytest.fixture
def batch_of(dataset, params):
    feed = Feed(dataset, params, HERE)
    yield lambda phase, images_shown=0: feed.batch_at(images_shown, phase)
    feed.close()


def _phase(lod, minibatch=8):
    return Phase(lod=lod, resolution=16 >> int(lod), minibatch=minibatch, learning_rate=0.001)


def test_each_image_has_one_mixing_factor_of_its_own(batch_of):
    factors = torch.cat([batch_of(_phase(0.0), 8 * number).mixing for number in range(100)])
    assert factors.shape == (800, 1, 1, 1)
    assert factors.unique().numel() == 800
    assert 0 <= factors.min() < 0.01
    assert 0.99 < factors.max() < 1
    assert float(factors.mean()) == pytest.approx(0.5, abs=0.05)


def test_critic_and_generator_draw_latents_of_their_own_from_the_standard_normal(batch_of):
    batches = [batch_of(_phase(0.0), 8 * number) for number in range(100)]
    critic = torch.cat([batch.critic_latents for batch in batches])
    generator = torch.cat([batch.generator_latents for batch in batches])
    for drawn in (critic, generator):
        assert float(drawn.mean()) == pytest.approx(0, abs=0.05)
        assert float(drawn.std()) == pytest.approx(1, abs=0.05)
    together = torch.stack([critic.flatten(), generator.flatten()])
    assert abs(float(torch.corrcoef(together)[0, 1])) < 0.05


@pytest.mark.parametrize(("lod", "factor"), [(2.0, 4), (1.75, 2), (1.0, 2), (0.3, 1), (0.0, 1)])
def test_a_step_measures_the_penalty_at_the_final_resolution_unless_told_otherwise(
    params, batch_of, lod, factor
):
    phase = _phase(lod)
    rates = Rates(torch.tensor(phase.fade), torch.tensor(0.0), torch.tensor(0.0))
    norms = {}
    for reference in ("final", "native"):
        steps = Trainer(
            Architecture(16, 8, 64, 8), params.model_copy(update={"gp_reference": reference}), HERE
        )
        where = (batch_of(phase), rates, phase.doublings, phase.fade > 0)
        norms[reference] = float(steps.critic_gradient(*where)[1]["penalty_norm"])
    assert norms["native"] == pytest.approx(factor * norms["final"], rel=1e-5)


def test_levels_that_are_not_reached_keep_their_first_weights_in_the_average_too(params, batch_of):
    steps = Trainer(Architecture(16, 8, 64, 8), params, HERE)
    first = {name: tensor.clone() for name, tensor in steps.average.state_dict().items()}
    phase = _phase(2.0)
    rates = Rates(torch.tensor(0.0), torch.tensor(0.01), torch.tensor(0.9))
    for number in range(3):
        steps.step(batch_of(phase, 8 * number), rates, phase.doublings, fading=False)
    moved = Counter(
        name.rsplit(".", 1)[0].removesuffix(".conv1").removesuffix(".conv0_up")
        for network in (steps.average, steps.generator)
        for name, tensor in network.state_dict().items()
        if not torch.equal(tensor, first[name])
    )
    assert set(moved) == {"dense", "conv", "to_rgb.0"}
    assert all(count == 4 for count in moved.values()), "weight and bias, of generator and average"


def test_scores_are_float32_in_half_precision_too(params, batch_of):
    steps = Trainer(Architecture(16, 8, 64, 8), params.model_copy(update={"precision": "bfloat16"}), HERE)
    kinds = []
    steps.critic.dense1.register_forward_hook(
        lambda module, given, out: kinds.append((given[0].dtype, out.dtype))
    )
    phase = _phase(1.0)
    rates = Rates(*(torch.zeros(()) for _ in range(3)))
    values = steps.step(batch_of(phase), rates, phase.doublings, fading=False)
    assert set(kinds) == {(torch.float32, torch.float32)}
    assert len(kinds) == 2, "a pass for the critic's loss, one for the generator's"
    assert {value.dtype for value in values.values()} == {torch.float32}
