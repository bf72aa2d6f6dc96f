"""Training with labels: what is shown, what is learned, and what is refused."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import UNLABELLED, Dataset, ShardWriter
from generate.sampling.sampler import Sampler, snapshots_in
from train.growth.schedule import Phase
from train.limits.label_shares import label_shares, labels_of
from train.lineage.chosen_images import Part
from train.model.networks import Architecture
from train.model.randomness import indices_at, inputs_of, latents_of
from train.processes.ranks import Ranks
from train.run import Run
from train.saved.snapshot import read_networks
from train.step.data import Feed, one_hot, with_labels
from train.step.losses import label_loss
from train.step.trainer import Rates, Trainer

HERE = Ranks(0, 1, torch.device("cpu"))
PHASE = Phase(lod=0.3, resolution=16, minibatch=8, learning_rate=0.001)
SHAPE = Architecture(16, 8, 128, 16, label_size=2)


@pytest.fixture
def labels_on(params):
    return params.model_copy(update={"labels": True})


@pytest.fixture
def batch(labelled, labels_on):
    feed = Feed(labelled, labels_on, HERE)
    yield feed.batch_at(80, PHASE)
    feed.close()


def _gradients(trainer, batch):
    rates = Rates(torch.tensor(PHASE.fade), torch.tensor(PHASE.learning_rate), torch.tensor(0.9))
    where = (batch, rates, PHASE.doublings, True)
    (critic, values), (generator, more) = trainer.critic_gradient(*where), trainer.generator_gradient(*where)
    return critic, generator, values | more


def _levels(value):
    return {side: np.full((side, side, 3), value, np.uint8) for side in (4, 8)}


def test_a_dataset_keeps_the_label_of_each_image(labels_on, tmp_path):
    writer = ShardWriter(tmp_path, 8, 2, ["shirt", "hoodie"])
    for value, label in enumerate(["hoodie", "", "shirt", "hoodie"]):
        writer.add(_levels(value), label)
    version = writer.finish()
    dataset = Dataset(tmp_path)
    assert (dataset.version, dataset.label_names) == (version, ["shirt", "hoodie"])
    assert dataset.labels.tolist() == [1, UNLABELLED, 0, 1]
    assert label_shares(dataset, labels_on) == {"shirt": pytest.approx(1 / 3), "hoodie": pytest.approx(2 / 3)}
    assert Part(dataset, np.array([0, 2])).labels.tolist() == [1, 0]


def test_other_labels_are_another_dataset_and_none_leave_it_as_it_was(tmp_path):
    versions = []
    for name, names, labels in [
        ("none", [], ["", ""]),
        ("shirt", ["shirt", "hoodie"], ["shirt", "shirt"]),
        ("hoodie", ["shirt", "hoodie"], ["shirt", "hoodie"]),
        ("renamed", ["shirt", "knit"], ["shirt", "knit"]),
    ]:
        (tmp_path / name).mkdir()
        writer = ShardWriter(tmp_path / name, 8, 2, names)
        for value, label in enumerate(labels):
            writer.add(_levels(value), label)
        versions.append(writer.finish())
    assert len({*versions}) == 4
    assert "labels" not in (tmp_path / "none/index.json").read_text()


def test_a_batch_has_the_labels_of_its_images_and_the_generator_those_of_all(labelled, labels_on, batch):
    shown = indices_at(80, 8, len(labelled), labels_on.seed)
    assert batch.labels.argmax(1).tolist() == labelled.labels[shown].tolist()
    feed = Feed(labelled, labels_on, HERE)
    drawn = [feed.batch_at(8 * number, PHASE).generator_labels for number in range(50)]
    feed.close()
    counts = Counter(torch.cat(drawn).argmax(1).tolist())
    assert 150 < counts[0] < 250
    assert sum(counts.values()) == 400


def test_without_labels_a_batch_and_a_latent_vector_carry_none(labelled, params):
    feed = Feed(labelled, params, HERE)
    batch = feed.batch_at(0, PHASE)
    feed.close()
    assert batch.labels.shape == batch.generator_labels.shape == (8, 0)
    assert with_labels(batch.critic_latents, batch.labels) is batch.critic_latents


def test_an_image_without_a_label_adds_nothing_to_the_loss_of_labels():
    logits = torch.randn(2, 3)
    labels = one_hot(np.array([1, UNLABELLED]), 3)
    assert label_loss(logits, labels).item() == pytest.approx(
        float(nn.functional.cross_entropy(logits[:1], torch.tensor([1]))) / 2
    )


@pytest.mark.parametrize(
    "changed", [{}, {"augment": "diffaugment"}, {"loss": "logistic-r1"}, {"loss": "rpgan-r1-r2"}], ids=str
)
def test_a_minibatch_in_parts_has_the_gradient_that_processes_of_these_parts_have(labels_on, batch, changed):
    whole = Trainer(SHAPE, labels_on.model_copy(update={"microbatch": {16: 4}, **changed}), HERE)
    parted = Trainer(SHAPE, labels_on.model_copy(update=changed), HERE)
    first, second = (_gradients(parted, batch.part(number, 2)) for number in (0, 1))
    critic, generator, values = _gradients(whole, batch)
    torch.testing.assert_close(critic, (first[0] + second[0]) / 2, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(generator, (first[1] + second[1]) / 2, rtol=1e-4, atol=1e-6)
    for name in ("label_real", "label_fake", "critic_loss", "generator_loss"):
        assert float(values[name]) == pytest.approx(float(first[2][name] + second[2][name]) / 2, rel=1e-4)


def test_a_weight_of_zero_trains_as_without_labels_in_the_critic(labels_on, batch):
    """But for the logits' own weights, which then learn nothing."""
    with_none = Trainer(SHAPE, labels_on.model_copy(update={"label_weight": 0.0}), HERE)
    critic, _, values = _gradients(with_none, batch)
    heavy, _, _ = _gradients(Trainer(SHAPE, labels_on, HERE), batch)
    assert torch.isfinite(critic).all()
    assert float(values["label_real"]) > 0
    assert not torch.allclose(critic, heavy)
    last = Trainer(SHAPE, labels_on, HERE).critic.dense1
    of_logits = critic[-(last.weight.numel() + last.bias.numel()) :][: last.weight.numel()].view(3, -1)[1:]
    assert not of_logits.any()


def test_half_precision_gives_about_the_gradients_of_single(labels_on, batch):
    exact = _gradients(Trainer(SHAPE, labels_on, HERE), batch)
    half = _gradients(Trainer(SHAPE, labels_on.model_copy(update={"precision": "bfloat16"}), HERE), batch)
    for ours, theirs in zip(half[:2], exact[:2], strict=True):
        assert torch.nn.functional.cosine_similarity(ours, theirs, dim=0) > 0.95


def test_labels_of_samples_are_drawn_by_index_as_often_as_they_are_in_the_data():
    inputs = inputs_of(3, range(1000), 4, [0.2, 0.0, 0.8])
    assert torch.equal(inputs[:, :4], latents_of(3, range(1000), 4))
    shares = inputs[:, 4:].mean(0)
    assert torch.equal(inputs[:, 4:].sum(1), torch.ones(1000))
    assert shares.tolist() == pytest.approx([0.2, 0.0, 0.8], abs=0.04)
    assert torch.equal(inputs_of(3, [500], 4, [0.2, 0.0, 0.8])[0], inputs[500])


def test_a_training_that_cannot_learn_the_labels_is_refused(dataset, labelled, labels_on):
    with pytest.raises(UserError, match="is true, but the dataset has 0 labels"):
        labels_of(dataset, labels_on)
    dark = Part(labelled, np.flatnonzero(labelled.labels == 0))
    with pytest.raises(UserError, match="no image that is shown has the label 'bright'"):
        labels_of(dark, labels_on)
    assert labels_of(labelled, labels_on) == {"dark": 0.5, "bright": 0.5}


def test_a_training_without_labels_says_nothing_about_them(dataset, labelled, labels_on, caplog):
    without = labels_on.model_copy(update={"labels": False})
    assert labels_of(labelled, without) == labels_of(dataset, without) == {}
    assert not caplog.text


@pytest.mark.slow
def test_the_generator_obeys_the_label(labelled, labels_on, tmp_path):
    params = labels_on.model_copy(
        update={
            "fmap_max": 16,
            "total_kimg": 16.0,
            "stabilise_kimg": 2.0,
            "fade_kimg": 2.0,
            "initial_resolution": 8,
        }
    )
    run = Run(tmp_path, labelled, params, HERE, "commit")
    run.go()
    networks, origin = read_networks(tmp_path / "networks.safetensors")
    assert origin.labels == {"dark": 0.5, "bright": 0.5}
    assert networks["critic"].architecture.label_size == 2
    sampler = Sampler.load(snapshots_in(tmp_path)[-1])
    latents = sampler.latents(1, range(200))
    bright = sampler.images_of(latents).mean(axis=(1, 2, 3)) > 255 / 2
    asked = latents[:, -1].numpy() == 1
    assert (bright == asked).mean() > 0.9
    assert sampler.of_label("bright").images(1, range(50)).mean() > 255 / 2
    with pytest.raises(UserError, match="no label 'red' in this snapshot"):
        sampler.of_label("red")
