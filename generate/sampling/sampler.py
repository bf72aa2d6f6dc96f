"""A snapshot as a stream of images: latents in, pixels out."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fashion_pggan.cores import usable_cores
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.shards import Images
from generate.sampling.latents import between
from train.model.networks import Generator, as_pixels, upscale
from train.model.randomness import inputs_of
from train.saved.snapshot import Origin, read_snapshot

PUBLISHED = "generator.safetensors"  # of a folder by fashion-pggan publish model


def snapshots_in(models: Path) -> list[Path]:
    """The snapshots of a training, least trained first; of a published model its one.

    Raises:
        UserError: there are none.
    """
    found = sorted((models / "snapshots").glob("*.safetensors")) or [*models.glob(PUBLISHED)]
    if not found:
        raise UserError(f"no snapshots in {models}: run the train stage first (dvc repro train)")
    return found


@cache
def workers() -> ThreadPoolExecutor:
    """Threads, with one PyTorch thread each: their number does not change a result."""
    count = min(torch.get_num_threads(), usable_cores())  # PyTorch does not read the quota of a container
    return ThreadPoolExecutor(count, "image", initializer=torch.set_num_threads, initargs=(1,))


class Sampler:
    """A snapshot, ready to generate images.

    On the CPU one thread computes each image alone, so that its bytes depend neither on the minibatch nor on
    the number of threads. On a CUDA device they may differ by a grey level.

    Args:
        generator: the network.
        origin: where the snapshot comes from.
        device: where to compute.
        snapshot: name of its file, without the ending.
        sha256: of the file.
    """

    def __init__(
        self,
        generator: Generator,
        origin: Origin,
        device: torch.device | str = "cpu",
        *,
        snapshot: str = "",
        sha256: str = "",
    ) -> None:
        self.generator = generator.to(device)
        self.origin = origin
        self.device = torch.device(device)
        self.snapshot, self.sha256 = snapshot, sha256
        self.kimg, self.lod = origin.kimg, origin.lod
        self.params_hash, self.dataset_version = origin.params_hash, origin.dataset_version
        self.git_commit = origin.git_commit
        self.resolution = generator.architecture.resolution  # pixels
        self.latent_size = generator.architecture.latent_size

    @classmethod
    def load(cls, snapshot: Path, device: torch.device | str = "cpu") -> "Sampler":
        """Read a snapshot.

        Raises:
            UserError: the file is missing, or is not a snapshot of this program.
        """
        generator, origin = read_snapshot(snapshot)
        return cls(generator, origin, device, snapshot=snapshot.stem, sha256=sha256_of(snapshot))

    def of_label(self, label: str) -> "Sampler":
        """The same snapshot, with images of one label alone; of all where `label` is empty.

        Raises:
            UserError: it has no such label.
        """
        if not label:
            return self
        if label not in self.origin.labels:
            known = ", ".join(self.origin.labels) or "none"
            raise UserError(f"no label {label!r} in this snapshot: give one of its labels ({known})")
        origin = replace(self.origin, labels={name: float(name == label) for name in self.origin.labels})
        return Sampler(self.generator, origin, self.device, snapshot=self.snapshot, sha256=self.sha256)

    def label(self, seed: int, index: int) -> str:
        """The label of the image at an index; empty without labels."""
        ones = self.latents(seed, [index])[0, self.latent_size :]
        return [*self.origin.labels][int(ones.argmax())] if len(ones) else ""

    def truncated(self, truncation: float) -> "Sampler":
        """The same snapshot with images nearer to the mean image; only the first layer's weights are copied.

        Other GANs shrink the latent vectors. Here the generator normalises them, which would undo that. Its
        first layer is linear, and its mean output is its bias. So what the latent vector adds to that is
        scaled. What a label adds stays: images come nearer to the mean image of their label.

        Args:
            truncation: 1 changes nothing; 0 gives the same image for every latent vector.
        """
        if truncation == 1:
            return self
        weights = dict(self.generator.state_dict())
        weights["dense.weight"] = weights["dense.weight"].clone()
        weights["dense.weight"][:, : self.latent_size] *= truncation
        with torch.device("meta"):
            generator = Generator(self.generator.architecture)
        generator.load_state_dict(weights, strict=True, assign=True)
        frozen = generator.eval().requires_grad_(False)
        return Sampler(frozen, self.origin, self.device, snapshot=self.snapshot, sha256=self.sha256)

    def latents(self, seed: int, indices: Sequence[int]) -> Tensor:
        """Latent vectors (n, latent_size); each depends on the seed and its index alone.

        Of a snapshot with labels, a one-hot label follows each: (n, latent_size + label_size). It is drawn as
        often as the training's images have it.
        """
        return inputs_of(seed, list(indices), self.latent_size, self.origin.label_shares)

    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        """The point at `share` of the way from one row of `latents` to another.

        Latent vectors follow the arc, see `generate.sampling.latents.between`; labels mix along the line,
        which no image of the training did.
        """
        size = self.latent_size
        labels = torch.lerp(first[size:], second[size:], share)
        return torch.cat([between(first[:size], second[:size], share), labels])

    def images(self, seed: int, indices: Sequence[int]) -> Images:
        """Images (n, resolution, resolution, 3), uint8 RGB, of latents by seed and index."""
        return self.images_of(self.latents(seed, indices))

    def images_of(self, latents: Tensor) -> Images:
        """Images (n, resolution, resolution, 3), uint8 RGB, of rows as `latents` gives them.

        Images of a snapshot taken while growing are enlarged to the final resolution by repeating pixels, as
        published.
        """
        if self.device.type == "cuda":
            with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # as exact as on the CPU
                return self._made(latents.to(self.device))
        return np.concatenate(list(workers().map(self._made, latents.unsqueeze(1))))

    @torch.no_grad()
    def _made(self, latents: Tensor) -> Images:
        made = self.generator(latents, self.lod)
        return as_pixels(upscale(made, self.resolution // made.shape[-1]))
