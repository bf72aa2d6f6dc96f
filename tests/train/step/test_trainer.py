"""Trainer as they are, in parts, compiled and in half precision: the same arithmetic."""

import pytest
import torch

from train.growth.schedule import Phase
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.step.data import Feed
from train.step.trainer import Rates, Trainer

HERE = Ranks(0, 1, torch.device("cpu"))
PHASES = [
    Phase(lod=2.0, resolution=4, minibatch=8, learning_rate=0.001),
    Phase(lod=0.3, resolution=16, minibatch=8, learning_rate=0.001),
]


def _steps(params, **changed) -> Trainer:
    return Trainer(Architecture(16, 8, 128, 16), params.model_copy(update=changed), HERE)


def _rates(phase) -> Rates:
    return Rates(torch.tensor(phase.fade), torch.tensor(phase.learning_rate), torch.tensor(0.9))


def _gradients(steps, batch, phase):
    where = (batch, _rates(phase), phase.doublings, phase.fade > 0)
    critic, values = steps.critic_gradient(*where)
    generator, more = steps.generator_gradient(*where)
    return critic, generator, values | more


@pytest.fixture
def batch_of(dataset, params):
    feed = Feed(dataset, params, HERE)
    yield lambda phase: feed.batch_at(0, phase)
    feed.close()


def _distance(one, other):
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize(
    "changed", [{}, {"augment": "diffaugment"}, {"loss": "logistic-r1"}, {"loss": "rpgan-r1-r2"}], ids=str
)
@pytest.mark.parametrize("phase", PHASES, ids=["4 px", "in a fade"])
def test_a_minibatch_in_parts_has_the_gradient_that_processes_of_these_parts_have(
    dataset, params, batch_of, phase, changed
):
    batch = batch_of(phase)
    whole = _gradients(_steps(params, microbatch={4: 4, 16: 4}, **changed), batch, phase)
    parts = [_gradients(_steps(params, **changed), batch.part(number, 2), phase) for number in (0, 1)]
    for place in (0, 1):
        assert _distance(whole[place], (parts[0][place] + parts[1][place]) / 2) < 1e-5
    for name, value in whole[2].items():
        assert float(value) == pytest.approx(float((parts[0][2][name] + parts[1][2][name]) / 2), rel=1e-4)


def test_groups_that_lie_in_one_part_have_the_gradient_of_the_whole_minibatch(params, batch_of):
    """Image i is in group i mod 2, and in part i mod 2."""
    batch = batch_of(PHASES[1])
    whole, parts = (_gradients(_steps(params, microbatch=m), batch, PHASES[1]) for m in ({}, {16: 4}))
    for place in (0, 1):
        assert _distance(parts[place], whole[place]) < 1e-5


def test_a_step_moves_critic_average_and_generator_in_this_order(params, batch_of):
    steps = _steps(params)
    before = {name: vector.clone() for name, vector in steps.vectors.items()}
    phase = PHASES[1]
    critic, *_ = _gradients(steps, batch_of(phase), phase)
    values = steps.step(batch_of(phase), _rates(phase), phase.doublings, fading=True)
    assert torch.equal(steps.gradients["critic"], critic)
    assert torch.equal(steps.vectors["average"], before["average"]), "both start alike, and it moves first"
    for name in ("critic", "generator"):
        assert not torch.equal(steps.vectors[name], before[name])
    assert set(values) == {"critic_loss", "generator_loss", "score_real", "score_fake", "penalty_norm"}
    moved = steps.vectors["generator"].clone()
    steps.step(batch_of(phase), _rates(phase), phase.doublings, fading=True)
    expected = before["average"] * 0.9 + moved * 0.1
    torch.testing.assert_close(steps.vectors["average"], expected)


def test_networks_are_views_of_their_vectors(params):
    steps = _steps(params)
    with torch.no_grad():
        steps.vectors["generator"].fill_(0.25)
    assert all((parameter == 0.25).all() for parameter in steps.generator.parameters())
    assert not all((parameter == 0.25).all() for parameter in steps.average.parameters())


def test_half_precision_agrees_with_float32(params, batch_of):
    """bfloat16 has 8 bits; norms, deviations, losses and weights stay in float32."""
    for phase in PHASES:
        batch = batch_of(phase)
        single, half = (
            _gradients(_steps(params, precision=p), batch, phase) for p in ("float32", "bfloat16")
        )
        for place in (0, 1):
            assert half[place].dtype == torch.float32
            assert torch.cosine_similarity(half[place], single[place], dim=0) > 0.98
        for name, value in single[2].items():
            assert float(half[2][name]) == pytest.approx(float(value), rel=0.05, abs=0.02)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # within PyTorch's own compiler
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_compiled_step_agrees_with_the_one_as_it_is(params, batch_of, precision):
    """One graph for each phase, and none for another fade of the same phase."""
    stats = torch._dynamo.utils.counters["stats"]
    stats.clear()  # of other tests
    phase = PHASES[1]
    batch = batch_of(phase)
    single, compiled = _steps(params), _steps(params, precision=precision, compile=True)
    for fade in (0.3, 0.8):
        phase = Phase(lod=fade, resolution=16, minibatch=8, learning_rate=0.001)
        expected, actual = (_gradients(steps, batch, phase) for steps in (single, compiled))
        for place in (0, 1):
            if precision == "float32":
                assert _distance(actual[place], expected[place]) < 1e-4
            else:
                assert torch.cosine_similarity(actual[place], expected[place], dim=0) > 0.98
    assert stats["unique_graphs"] <= 2, "one for the critic, one for the generator"
