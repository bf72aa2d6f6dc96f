"""A network with one hidden layer, trained by Adam in NumPy on two classes: the same in each run."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

HIDDEN, ROUNDS, MINIBATCH = 32, 40, 64
RATE, DECAY = 1e-3, 1e-5  # of a step; by how much a step shrinks the weights
DROPPED, GRAIN = 0.3, 0.1  # share of inputs and units; noise in standard deviations
FAST, SLOW, LEAST = 0.9, 0.999, 1e-8  # Adam's
Floats = npt.NDArray[np.float64]


def trained(features: Floats, truth: Floats) -> npt.NDArray[np.float32]:
    """Fit it by the logistic loss, as if both classes had as many rows.

    Args:
        features: (n, d).
        truth: (n,) of 0 and 1.

    Returns:
        (k, d + 2): of each unit its weights, its bias, and what it counts.
    """
    random = np.random.default_rng(0)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    inputs = np.column_stack([(features - mean) / spread, np.ones(len(features))])
    importance = np.where(truth > 0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    widths = ((inputs.shape[1], HIDDEN), (HIDDEN,))
    weights = [random.normal(0, width[0] ** -0.5, width) for width in widths]
    means, squares = ([np.zeros_like(each) for each in weights] for _ in range(2))
    for step, chosen in enumerate(_minibatches(len(inputs), random), 1):
        slopes = _slopes(inputs[chosen], truth[chosen], importance[chosen], weights, random)
        for place, slope in enumerate(slopes):
            means[place] += (1 - FAST) * (slope - means[place])
            squares[place] += (1 - SLOW) * (slope**2 - squares[place])
            move = means[place] / (1 - FAST**step) / (np.sqrt(squares[place] / (1 - SLOW**step)) + LEAST)
            weights[place] -= RATE * move + DECAY * weights[place]
    hidden = weights[0][:-1] / spread[:, None]
    return np.column_stack([hidden.T, weights[0][-1] - mean @ hidden, weights[1]]).astype(np.float32)


def _minibatches(count: int, random: np.random.Generator) -> Iterator[npt.NDArray[np.intp]]:
    for _ in range(ROUNDS):
        yield from np.array_split(random.permutation(count), max(count // MINIBATCH, 1))


def _slopes(
    inputs: Floats, truth: Floats, importance: Floats, weights: list[Floats], random: np.random.Generator
) -> tuple[Floats, Floats]:
    """The gradients of the loss of a minibatch, with noise, and with inputs and units dropped."""
    kept = random.random(inputs.shape) > DROPPED
    inputs = np.where(kept, inputs + random.normal(0, GRAIN, inputs.shape), 0) / (1 - DROPPED)
    inputs[:, -1] = 1
    before = inputs @ weights[0]
    alive = (before > 0) * (random.random(before.shape) > DROPPED) / (1 - DROPPED)
    hidden = before * alive
    wrong = (1 / (1 + np.exp(-hidden @ weights[1])) - truth) * importance / len(truth)
    return inputs.T @ (wrong[:, None] * weights[1] * alive), hidden.T @ wrong
