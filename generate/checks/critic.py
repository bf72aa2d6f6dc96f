"""Scores images with a run's critic: higher for more realistic ones, each independent of other images."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import Images
from generate.sampling.sampler import Sampler, workers
from train.model.flat import pieces_of
from train.model.networks import Critic, downscale
from train.saved.checkpoint import newest_state

COMPANY_SEED = 0
CPU = torch.device("cpu")


class Scorer:
    """A critic that scores images of a snapshot.

    The critic compares the images of a group (minibatch standard deviation). Each image is scored in a group
    with the same few images of fixed latents: alone, it would look like a group of equal images.

    Args:
        critic: the network.
        sampler: the snapshot.
        images_shown: to the critic in training.
    """

    def __init__(self, critic: Critic, sampler: Sampler, images_shown: int) -> None:
        self.critic, self.lod, self.images_shown = critic, sampler.lod, images_shown
        company = sampler.images(COMPANY_SEED, range(critic.architecture.stddev_group - 1))
        self.company = self._as_input(company)

    @classmethod
    def of(cls, runs: Path, sampler: Sampler) -> "Scorer":
        """The critic of a snapshot's run, from the run's newest checkpoint.

        Args:
            runs: the run's folder, or a folder of runs.
            sampler: the snapshot.

        Raises:
            UserError: the run is missing, or belongs to another snapshot.
        """
        folder = runs / sampler.params_hash
        folder = folder if folder.is_dir() else runs
        state = newest_state(folder, CPU)
        if state is None:
            raise UserError(
                f"no critic of run {sampler.params_hash} in {runs}, and a snapshot holds none: give "
                "--runs the folder of its checkpoints, or set generate.reject_scores to 0.0"
            )
        critic = Critic(sampler.generator.architecture)
        parameters = list(critic.parameters())
        try:
            vector = cast("Tensor", state["tensors"]["critic"])
            for parameter, piece in zip(parameters, pieces_of(vector, parameters), strict=True):
                parameter.data = piece.contiguous()
            return cls(critic.eval().requires_grad_(False), sampler, int(state["images_shown"]))
        except (KeyError, RuntimeError, TypeError) as error:
            raise UserError(
                f"the checkpoint in {folder} does not fit the snapshot ({error}): "
                "give --runs the folder of the run that made it"
            ) from error

    def scores(self, images: Images) -> list[float]:
        """A score per image (n, resolution, resolution, 3), higher for more real."""
        return list(workers().map(self._score, images))

    @torch.no_grad()
    def _score(self, image: Images) -> float:
        group = torch.cat([self._as_input(image[None]), self.company])
        return float(self.critic(group, self.lod)[0])

    def _as_input(self, images: Images) -> Tensor:
        tensors = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
        return downscale(tensors, 2 ** int(self.lod)).contiguous()
