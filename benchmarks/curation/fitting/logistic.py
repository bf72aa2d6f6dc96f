"""Logistic regression with a ridge, by which the small models of curation were fitted."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
TURNS = 30  # of Newton's method


def logistic_weights(features: Array, truth: Array, share: float, strength: float) -> Array:
    """The weights of a logistic regression, as if a share of the rows were positive.

    Args:
        features: (n, d).
        truth: (n,) of 0 and 1.
        share: of positive rows.
        strength: of the ridge; the bias has next to none.

    Returns:
        (d + 1,) weights, the bias last.
    """
    importance = np.where(truth > 0, share / truth.mean(), (1 - share) / (1 - truth.mean()))
    inputs = np.column_stack([features, np.ones(len(truth))])
    ridge = np.full(inputs.shape[1], strength)
    ridge[-1] = 1e-9
    weights = np.zeros(inputs.shape[1])
    for _ in range(TURNS):
        likely = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ ((likely - truth) * importance) + ridge * weights
        curve = (inputs * (importance * likely * (1 - likely))[:, None]).T @ inputs + np.diag(ridge)
        weights -= np.linalg.solve(curve, slope)
    return weights
