"""Ways through the latent space."""

import torch

from generate.sampling.latents import between, directions_of


def test_the_way_between_two_latents_keeps_their_length():
    first, second = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    assert torch.equal(between(first, second, 0.0), first)
    assert torch.equal(between(first, second, 1.0), second)
    torch.testing.assert_close(between(first, second, 0.5), torch.tensor([1.0, 1.0]) * 3 / 2**0.5)
    torch.testing.assert_close(between(first, 2 * first, 0.5), 1.5 * first)


def test_directions_stand_at_right_angles_and_the_strongest_is_first(sampler):
    found = directions_of(sampler.generator)
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(8), atol=1e-5, rtol=0)
    answers = (sampler.generator.dense.scaled() @ found.vectors.T).square().sum(dim=0)
    assert answers.tolist() == sorted(answers.tolist(), reverse=True)
    torch.testing.assert_close(answers / answers.sum(), torch.tensor(found.shares), rtol=1e-4, atol=0)
