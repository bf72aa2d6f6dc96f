"""Holds networks, averaged generator and optimizers, and takes the steps that change them.

A step never waits for the device, and all that changes between steps comes in as a tensor. So the same code
runs eagerly, compiled once per phase, or recorded as a CUDA graph (`train.machine.graphs`).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fashion_pggan.params import TrainParams
from train.model.flat import flatten, vector_of
from train.model.networks import Architecture, Critic, Generator
from train.model.precision import autocast
from train.processes.ranks import Ranks, wait_for_all
from train.step.all_reduce import average_over
from train.step.augment import augmented
from train.step.data import Batch, reals_of, with_labels
from train.step.losses import CriticLoss, critic_loss, generator_loss, label_loss, penalty_target
from train.step.optimizer import Adam

Values = dict[str, Tensor]  # scalars of a step, by the names of the log's columns


@dataclass(frozen=True)
class Rates:
    """Numbers that change from step to step, as scalars on the device."""

    fade: Tensor  # share of the level below; ignored outside a transition
    learning_rate: Tensor
    ema_decay: Tensor


class Trainer:
    """Holds networks and optimizers, and takes steps.

    Args:
        architecture: of both networks.
        params: the train section.
        ranks: this process among those that train together.
    """

    def __init__(self, architecture: Architecture, params: TrainParams, ranks: Ranks) -> None:
        self.params, self.ranks = params, ranks
        self.compiles = params.compile
        self.labelled = architecture.label_size > 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(params.seed)
            self.generator = Generator(architecture)
            self.critic = Critic(architecture)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.vectors = {name: flatten(network.to(ranks.device)) for name, network in self.networks().items()}
        self.critic_optimizer = Adam(self.vectors["critic"], params)
        self.generator_optimizer = Adam(self.vectors["generator"], params)
        self.gradients: dict[str, Tensor] = {}  # of the last step, by network
        self._compiled: dict[tuple[str, int, bool], Callable[..., tuple[Tensor, Values]]] = {}

    def networks(self) -> dict[str, nn.Module]:
        """The networks by name: generator, critic, average."""
        return {"generator": self.generator, "critic": self.critic, "average": self.average}

    def state(self) -> dict[str, Tensor]:
        """Every tensor that a step changes, by name; the tensors themselves, not copies."""
        by_network = {"critic": self.critic_optimizer, "generator": self.generator_optimizer}
        return dict(self.vectors) | {
            f"{network}_{name}": tensor
            for network, optimizer in by_network.items()
            for name, tensor in optimizer.state().items()
        }

    def optimizers(self) -> tuple[Adam, Adam]:
        """Steps skipped by critic and generator."""
        return self.critic_optimizer, self.generator_optimizer

    def start_afresh(self) -> None:
        """Reset the optimizers, as at the start and end of a transition."""
        for optimizer in self.optimizers():
            optimizer.start_afresh()

    def step(self, batch: Batch, rates: Rates, steps: int, fading: bool) -> Values:
        """Update critic, average and generator, in this order, as published.

        Args:
            batch: this process's share of the minibatch.
            rates: of this step.
            steps: how often the resolution has doubled from 4 px on.
            fading: whether the finest level is being faded in.
        """
        gradient, values = self.critic_gradient(batch, rates, steps, fading)
        self.critic_optimizer.step(gradient, rates.learning_rate)
        self.vectors["average"].lerp_(self.vectors["generator"], 1 - rates.ema_decay)
        self.gradients["critic"] = gradient
        gradient, more = self.generator_gradient(batch, rates, steps, fading)
        self.generator_optimizer.step(gradient, rates.learning_rate)
        self.gradients["generator"] = gradient
        return values | more

    def critic_gradient(self, batch: Batch, rates: Rates, steps: int, fading: bool) -> tuple[Tensor, Values]:
        """The gradient (parameters,) of the critic's loss, averaged over all processes, and values to log."""
        return self._gradient(self.critic_loss_of, self.critic, batch, rates, steps, fading)

    def generator_gradient(
        self, batch: Batch, rates: Rates, steps: int, fading: bool
    ) -> tuple[Tensor, Values]:
        """The same for the generator's loss."""
        return self._gradient(self.generator_loss_of, self.generator, batch, rates, steps, fading)

    def parts_at(self, steps: int, share: int) -> int:
        """The number of passes in which a process computes its share of a minibatch, to save memory."""
        most = self.params.microbatch.get(4 * 2**steps, share)
        return -(-share // most)

    def _gradient(
        self, loss: Callable[..., tuple[Tensor, Values]], network: nn.Module, batch: Batch, *where: Any
    ) -> tuple[Tensor, Values]:
        steps = where[1]
        parts = self.parts_at(steps, len(batch.reals))
        run, compiles = self._prepared(loss, *where[1:])
        parameters = list(network.parameters())
        gradient, sums = None, None
        for number in range(parts):
            total, values = run(batch.part(number, parts), *where)
            pieces = torch.autograd.grad(total / parts, parameters, allow_unused=True, materialize_grads=True)
            piece = vector_of(pieces)
            gradient = piece if gradient is None else gradient.add_(piece)
            sums = values if sums is None else {name: sums[name] + values[name] for name in sums}
        assert gradient is not None
        assert sums is not None
        if compiles:
            wait_for_all(self.ranks)  # for one it may take much longer than for another
        average_over(gradient, self.ranks)
        return gradient, {name: value / parts for name, value in sums.items()}

    def _prepared(
        self, loss: Callable[..., tuple[Tensor, Values]], steps: int, fading: bool
    ) -> tuple[Callable[..., tuple[Tensor, Values]], bool]:
        """The loss, compiled for this phase where `compile` is on, and whether it compiles at its call."""
        if not self.compiles:
            return loss, False
        key = (loss.__name__, steps, fading)
        if new := key not in self._compiled:
            if not any(known[1:] == key[1:] for known in self._compiled):
                self._compiled.clear()  # of the phase before
                torch._dynamo.reset()
            self._compiled[key] = torch.compile(loss, fullgraph=True, dynamic=False)
        return self._compiled[key], new

    def critic_loss_of(self, batch: Batch, rates: Rates, steps: int, fading: bool) -> tuple[Tensor, Values]:
        """The critic's loss over one pass, and what to log."""
        params, fade = self.params, rates.fade if fading else None
        with autocast(self.ranks.device, enabled=self.params.precision == "bfloat16"):
            with torch.no_grad():
                reals = reals_of(batch, fade)
                latents = with_labels(batch.critic_latents, batch.labels)
                fakes = self.generator.at(latents, steps, fade).to(reals.dtype)
                if params.augment == "diffaugment":
                    reals, fakes = augmented(reals, batch.draws[0]), augmented(fakes, batch.draws[1])
            result = critic_loss(
                self.critic,
                reals,
                fakes,
                batch.mixing,
                steps,
                fade,
                loss=params.loss,
                gp_target=penalty_target(len(self.critic.blocks) - steps, params.gp_reference),
                gp_weight=params.gp_weight,
                drift_weight=params.drift_weight,
            )
        loss, values = self._with_labels(result, batch)
        values |= {name: getattr(result, name) for name in ("score_real", "score_fake", "penalty_norm")}
        return loss, values | {"critic_loss": loss.detach()}

    def _with_labels(self, result: CriticLoss, batch: Batch) -> tuple[Tensor, Values]:
        if not self.labelled:
            return result.loss, {}
        real, fake = (label_loss(logits, batch.labels) for logits in result.logits)
        loss = result.loss + self.params.label_weight * (real + fake)
        return loss, {"label_real": real.detach(), "label_fake": fake.detach()}

    def generator_loss_of(
        self, batch: Batch, rates: Rates, steps: int, fading: bool
    ) -> tuple[Tensor, Values]:
        """The generator's loss over one pass, and what to log."""
        fade = rates.fade if fading else None
        with autocast(self.ranks.device, enabled=self.params.precision == "bfloat16"):
            latents = with_labels(batch.generator_latents, batch.generator_labels)
            fakes = self.generator.at(latents, steps, fade)
            if self.params.augment == "diffaugment":
                fakes = augmented(fakes.to(batch.draws.dtype), batch.draws[2])
            trace = self.critic.trace(fakes, steps, fade)
            loss = generator_loss(trace.scores, self.params.loss, self._paired_scores(batch, steps, fade))
            if self.labelled:
                loss = loss + self.params.label_weight * label_loss(trace.logits, batch.generator_labels)
        return loss, {"generator_loss": loss.detach()}

    def _paired_scores(self, batch: Batch, steps: int, fade: Tensor | None) -> Tensor | None:
        """Scores (n,) of real images, for the loss that sets each against a fake."""
        if self.params.loss != "rpgan-r1-r2":
            return None
        with torch.no_grad():
            reals = reals_of(batch, fade)
            if self.params.augment == "diffaugment":
                reals = augmented(reals, batch.draws[0])
            return self.critic.trace(reals, steps, fade).scores
