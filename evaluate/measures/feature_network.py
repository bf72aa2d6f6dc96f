"""A feature network in a file of the user's: images in, feature vectors out."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor

from evaluate.measures.features import feature_distances, frechet, heavy_tailed
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError, install_hint, one_line
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress

log = logging.getLogger(__name__)

Range = Literal["0..255", "0..1", "-1..1"]
Run = Callable[[Tensor], Tensor]  # (n, 3, side, side) -> (n, d)

SCALES: dict[str, tuple[float, float]] = {
    "0..255": (1.0, 0.0),
    "0..1": (1 / 255, 0.0),
    "-1..1": (2 / 255, -1.0),
}


class FeatureNetwork:
    """A network, and how its images are prepared.

    Args:
        path: `.onnx`, `.pt2` (torch.export) or `.pt` (TorchScript).
        side: pixels of its input; 0: the images' own size.
        pixels: the range of its input's values.
        work: where to compute.

    Raises:
        UserError: the file is missing or cannot be read.
    """

    def __init__(self, path: Path, side: int, pixels: Range, work: Work) -> None:
        if not path.is_file():
            raise UserError(
                f"no feature network at {path}: give a file of your own, "
                "such as Inception's weights (docs/how-to/compare-datasets.md)"
            )
        self.path, self.side, self.work = path, side, work
        self.scale, self.shift = SCALES[pixels]
        try:
            self.run = LOADERS.get(path.suffix, _torchscript)(path, work.torch_device)
        except UserError:
            raise
        except Exception as error:  # each loader raises its own errors
            raise UserError(
                f"{path} cannot be read as a feature network ({one_line(error)}): "
                "give an .onnx, .pt2 or .pt file"
            ) from error

    @torch.no_grad()
    def features(self, images: ImageSet, minibatch: int, advance: Advance) -> npt.NDArray[np.float64]:
        """The features of a set: (n, d).

        Raises:
            UserError: the network fails on these images, or does not give finite vectors.
        """
        found = []
        for start in range(0, images.count, minibatch):
            pixels = images.read(range(start, min(start + minibatch, images.count)))
            try:
                answer = self.run(self._prepared(torch.from_numpy(pixels).to(self.work.torch_device)))
            except Exception as error:  # a user's network may raise anything
                raise UserError(
                    f"{self.path} cannot be run on images of shape {pixels.shape} ({one_line(error)}): "
                    "give another --side (evaluate.feature_side), or another network"
                ) from error
            if answer.ndim < 2 or len(answer) != len(pixels):
                raise UserError(
                    f"{self.path} gives {tuple(answer.shape)} for {len(pixels)} images: "
                    "give a network that gives one vector per image"
                )
            if not answer.isfinite().all():
                raise UserError(
                    f"{self.path} gives values that are not finite for images {start} to "
                    f"{start + len(pixels) - 1}: give another network, or another range of pixel values "
                    "(--pixels, evaluate.feature_pixels)"
                )
            found.append(answer.flatten(1).double().cpu().numpy())
            advance(len(pixels))
        return np.concatenate(found)

    def _prepared(self, pixels: Tensor) -> Tensor:
        planes = pixels.permute(0, 3, 1, 2).float()
        if self.side and self.side != planes.shape[-1]:
            size = (self.side, self.side)
            planes = F.interpolate(planes, size, mode="bilinear", antialias=True, align_corners=False)
        return planes * self.scale + self.shift


def network_of(params: EvaluateParams, work: Work) -> FeatureNetwork | None:
    """The network that the parameters name; without one, a log line says so. Raises as the class does."""
    if params.feature_network:
        return FeatureNetwork(Path(params.feature_network), params.feature_side, params.feature_pixels, work)
    log.info(
        "FID, KID, precision, recall, density and coverage are left out, because nothing is downloaded: "
        "name a weights file of your own in evaluate.feature_network of params.yaml"
    )
    return None


def measure_features(
    network: FeatureNetwork, real: ImageSet, fake: ImageSet, neighbours: int, params: EvaluateParams
) -> dict[str, Any]:
    """Compare equally many images of both sets by their features; facts for JSON.

    Beside FID stands that of real images against other real ones, as many where there are twice as many, else
    halves of them. Only minibatch, seed and replicates are used of `params`.

    Raises:
        UserError: there are too few images for so many neighbours, or the network fails on them.
    """
    count = min(real.count, fake.count)
    if not 0 < neighbours < count:
        raise UserError(
            f"{neighbours} neighbours of {count} images: give from 1 to {count - 1} (--neighbours, or "
            "evaluate.feature_neighbours), or more images"
        )
    reals = min(real.count, 2 * count)
    with Progress("features", reals + count, "images") as progress:
        ours, theirs = (
            network.features(each.part(0, number, each.name), params.minibatch, progress.advance)
            for each, number in ((real, reals), (fake, count))
        )
    found = asdict(
        feature_distances(ours[:count], theirs, neighbours, seed=params.seed, replicates=params.replicates)
    )
    half = reals // 2
    return {
        **found,
        "fid_real": max(frechet(ours[:half], ours[half : 2 * half]), 0.0) if half > 1 else None,
        "fid_real_images": half,
        "heavy_tails": heavy_tailed(ours[:count]) or heavy_tailed(theirs),
        "network": network.path.name,
        "neighbours": neighbours,
    }


def _onnx(path: Path, device: torch.device) -> Run:
    try:
        import onnxruntime
    except ImportError:
        raise UserError(f"{path} needs onnxruntime: run {install_hint('onnx')}") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda planes: torch.from_numpy(session.run(None, {name: planes.cpu().numpy()})[0])


def _exported(path: Path, device: torch.device) -> Run:
    module: Run = torch.export.load(path).module().to(device)
    return module


def _torchscript(path: Path, device: torch.device) -> Run:
    with warnings.catch_warnings():  # PyTorch advises torch.export; Inception's file in use is TorchScript
        warnings.simplefilter("ignore", DeprecationWarning)
        module: Run = torch.jit.load(path, map_location=device).eval()  # type: ignore[no-untyped-call]  # PyTorch has none
    return module


LOADERS: dict[str, Callable[[Path, torch.device], Run]] = {".onnx": _onnx, ".pt2": _exported}
