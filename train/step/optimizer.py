"""Adam as published, on a network's whole vector; a step whose gradient is not finite is skipped.

The code never waits for the device, which also counts the skipped steps.

Source: Karras et al. 2018, section A.1; docs/reference/conformance.md.
"""

import torch
from torch import Tensor

from fashion_pggan.params import TrainParams


class Adam:
    """The state and the update of one vector.

    Args:
        vector: (parameters,), changed in place.
        params: the train section.
    """

    def __init__(self, vector: Tensor, params: TrainParams) -> None:
        self.vector = vector
        self.beta1, self.beta2, self.epsilon = params.adam_beta1, params.adam_beta2, params.adam_epsilon
        self.mean = torch.zeros_like(vector) if self.beta1 else None  # without momentum it is the gradient
        self.square = torch.zeros_like(vector)
        self.taken = torch.zeros((), dtype=torch.float64, device=vector.device)  # steps since the start
        self.skipped = torch.zeros((), dtype=torch.int64, device=vector.device)  # since the run began
        self.in_a_row = torch.zeros((), dtype=torch.int64, device=vector.device)

    def start_afresh(self) -> None:
        """Reset all but the count of skipped steps, as at the start and end of a transition."""
        for tensor in (self.mean, self.square, self.taken):
            if tensor is not None:
                tensor.zero_()

    @torch.no_grad()
    def step(self, gradient: Tensor, learning_rate: Tensor | float) -> None:
        """Take a step, unless an element of the gradient is infinite or not a number.

        The published optimizer adds epsilon before it corrects the second moment's bias. Levels that are not
        reached yet have a gradient of zero and do not change.

        Args:
            gradient: (parameters,).
            learning_rate: scalar.
        """
        finite = torch.isfinite(torch.linalg.vector_norm(gradient, ord=float("inf")))
        taken = finite.to(self.taken.dtype)
        self.taken += taken
        self.skipped += ~finite
        self.in_a_row.add_(1).mul_(~finite)
        gradient = torch.where(finite, gradient, 0.0)
        self.square.lerp_(gradient.square(), ((1 - self.beta2) * taken).to(gradient.dtype))
        if self.mean is not None:
            self.mean.lerp_(gradient, ((1 - self.beta1) * taken).to(gradient.dtype))
            gradient = self.mean
        number = self.taken.clamp(min=1)
        rate = learning_rate * taken * torch.sqrt(1 - self.beta2**number) / (1 - self.beta1**number)
        self.vector.addcdiv_(gradient * -rate.to(gradient.dtype), self.square.sqrt().add_(self.epsilon))

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps; the tensors themselves, not copies."""
        state = {name: getattr(self, name) for name in ("square", "taken", "skipped", "in_a_row")}
        return state if self.mean is None else {**state, "mean": self.mean}
