"""A generator that others can stream pictures from."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.shards import Pictures
from train.grid import as_pixels
from train.networks import Generator, upscale
from train.randomness import latents_of
from train.snapshot import Origin, read_snapshot


def snapshots_in(models: Path) -> list[Path]:
    """The snapshots of a training, least trained first.

    Raises:
        UserError: there are none.
    """
    found = sorted((models / "snapshots").glob("*.safetensors"))
    if not found:
        raise UserError(f"no snapshots in {models}: run the train stage first (dvc repro train)")
    return found


class Sampler:
    """A snapshot, ready to make pictures.

    Args:
        generator: its network.
        origin: where it comes from.
        device: where to compute.
    """

    def __init__(self, generator: Generator, origin: Origin, device: torch.device | str = "cpu") -> None:
        self.generator = generator.to(device)
        self.device = device
        self.kimg, self.lod = origin.kimg, origin.lod
        self.params_hash, self.dataset_version = origin.params_hash, origin.dataset_version
        self.git_commit = origin.git_commit
        self.resolution = generator.architecture.resolution  # pixels
        self.latent_size = generator.architecture.latent_size

    @classmethod
    def load(cls, snapshot: Path, device: torch.device | str = "cpu") -> "Sampler":
        """Read a snapshot.

        Raises:
            UserError: it is missing or no snapshot of this program.
        """
        return cls(*read_snapshot(snapshot), device)

    def latents(self, seed: int, indices: Sequence[int]) -> Tensor:
        """Latent vectors (n, latent_size); the one of an index depends on the seed and the index alone."""
        return latents_of(seed, list(indices), self.latent_size)

    @torch.no_grad()
    def pictures(self, seed: int, indices: Sequence[int]) -> Pictures:
        """Pictures (n, resolution, resolution, 3), uint8 RGB.

        A snapshot taken while growing is repeated up to the final resolution, as published.
        """
        made = self.generator(self.latents(seed, indices).to(self.device), self.lod)
        return as_pixels(upscale(made, self.resolution // made.shape[-1]))
