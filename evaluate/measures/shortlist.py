"""A shortlist of training images that show a part of an image at another place.

Images are reduced to 16 x 16 grey pixels without their low frequencies, in which most garments are alike.
Five parts of an image are held against every part of every training image.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.storage.shards import Images

SIDE = 16  # pixels
PART = 8  # pixels, of a side
WIDTH = 2.0  # pixels, of the Gaussian filter whose result is subtracted
FAINT = 20.0  # norm of a part in grey levels, below which it counts less: plain ground is like any other
AT_ONCE = 256  # training images
QUERIES = 32  # images

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

_LAST = SIDE - PART
_EVERY = np.indices((_LAST + 1, _LAST + 1)).reshape(2, -1).T  # (81, 2): row and column
_ASKED = np.array([[_LAST // 2, _LAST // 2], [0, 0], [0, _LAST], [_LAST, 0], [_LAST, _LAST]])


@dataclass(frozen=True)
class Candidates:
    """The training images nearest to each of n images by a part, the nearest first."""

    index: Indices  # (n, k) in the training set
    moved: Indices  # (n, k, 2) rows and columns from the image to the training image, in pixels of 16
    likeness: Floats  # (n, k) correlation of the parts, at most 1


def details_of(images: Images, side: int, width: float) -> Floats:
    """Images (n, h, w, 3) as grey levels without their low frequencies: (n, side, side)."""
    return np.stack([_details(each, side, width) for each in images])


def _details(image: Images, side: int, width: float) -> Floats:
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    blurred = np.asarray(cv2.GaussianBlur(grey, (0, 0), width, borderType=cv2.BORDER_REPLICATE), np.float32)
    return grey - blurred


def candidates_of(
    images: Floats, training: Floats, count: int, apart_from: list[int] | None = None
) -> Candidates:
    """Look up details (n, 16, 16) of images among those of a training set (m, 16, 16).

    Args:
        images: of `details_of`.
        training: of `details_of`.
        count: k, at most.
        apart_from: the images' own indices in the training set, which are left out.
    """
    asked = _parts(images, _ASKED)  # (n, 5, 64)
    best = torch.cat(
        [_best(asked, training[start : start + AT_ONCE]) for start in range(0, len(training), AT_ONCE)], dim=1
    )
    if apart_from is not None:
        best[range(len(images)), apart_from] = -torch.inf
    likeness, index = best.topk(min(count, len(training) - (apart_from is not None)))
    return Candidates(index.numpy(), _moved(asked, training[index.numpy()]), likeness.numpy())


def _best(asked: Tensor, training: Floats) -> Tensor:
    """The largest correlation of any part of each image with any part of each training image: (n, m)."""
    every = _parts(training, _EVERY).flatten(0, 1).T  # (64, 81 m)
    return torch.cat(
        [
            (some.flatten(0, 1) @ every).view(-1, len(_ASKED), len(training), len(_EVERY)).amax(dim=(1, 3))
            for some in torch.split(asked, QUERIES)
        ]
    )


def _moved(asked: Tensor, training: Floats) -> Indices:
    """How far the likeliest part has moved in each of k training images (n, k, 16, 16): (n, k, 2)."""
    every = _parts(training.reshape(-1, SIDE, SIDE), _EVERY).view(*training.shape[:2], len(_EVERY), -1)
    likeness = torch.einsum("npd,nked->nkpe", asked, every).flatten(2)
    parts, places = np.divmod(likeness.argmax(dim=2).numpy(), len(_EVERY))
    moved: Indices = _EVERY[places] - _ASKED[parts]
    return moved


def _parts(details: Floats, places: Indices) -> Tensor:
    """Squares at some places as vectors of mean 0 and norm 1, or less where they are faint: (n, k, 64)."""
    squares = torch.from_numpy(details).unfold(1, PART, 1).unfold(2, PART, 1)
    vectors = squares[:, places[:, 0], places[:, 1]].flatten(2)
    vectors = vectors - vectors.mean(dim=2, keepdim=True)
    units: Tensor = vectors / vectors.norm(dim=2, keepdim=True).clamp(min=FAINT)
    return units
