"""The sliced Wasserstein distance between two sets of descriptors.

Source: Karras et al. 2018, section 5; Rabin et al. 2011.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from evaluate.descriptors import CHANNELS, Descriptors
from evaluate.work import Work

CHUNK = 65_536  # descriptors projected at once
DIRECTIONS_AT_ONCE = 64  # projections held: at 2,097,152 descriptors 0.54 GB per set
PRINTED_TIMES = 1e3  # the paper prints distances times a thousand
SMALLEST_DEVIATION = 1e-12  # of sets without any difference

Directions = npt.NDArray[np.float32]  # (d, k) unit columns
Values = npt.NDArray[np.float64]
Room = npt.NDArray[np.float32]


def draw_directions(seed: int, repeat: int, size: int, count: int) -> Directions:
    """Random unit columns (size, count), float32, normalised in float64."""
    columns = np.random.default_rng([seed, repeat]).standard_normal((size, count))
    directions: Directions = (columns / np.linalg.norm(columns, axis=0)).astype(np.float32)
    return directions


def sliced_wasserstein(real: Descriptors, fake: Descriptors, directions: Directions, work: Work) -> Values:
    """1-D Wasserstein-1 distances along given unit directions; their mean is the sliced distance.

    Each set is brought to zero mean and unit variance per colour channel by its own statistics.

    Args:
        real: n descriptors of d components.
        fake: n descriptors of d components.
        directions: (d, k) unit columns.
        work: where to compute; the results are the same for any number of workers.

    Returns:
        (k,) distances in descriptor standard deviations; the paper prints their mean times 1000.

    Raises:
        ValueError: the shapes differ, so sorted projections cannot be paired.
    """
    if real.values.shape != fake.values.shape:
        raise ValueError(
            f"{tuple(real.values.shape)} real and {tuple(fake.values.shape)} generated descriptors cannot "
            "be paired: give sets of equal size"
        )
    found, room = [], [_room(each, min(DIRECTIONS_AT_ONCE, directions.shape[1])) for each in (real, fake)]
    for start in range(0, directions.shape[1], DIRECTIONS_AT_ONCE):
        block = directions[:, start : start + DIRECTIONS_AT_ONCE]
        (ours, our_means), (theirs, their_means) = (
            _scaled(each, block, out) for each, out in zip((real, fake), room, strict=True)
        )
        found.append(rows_apart(ours, theirs, our_means - their_means, work))
    return np.concatenate(found)


def rows_apart(ours: Tensor, theirs: Tensor, shifts: Values, work: Work) -> Values:
    """Mean difference of sorted values, row by row.

    Args:
        ours: (k, n), overwritten.
        theirs: (k, n), overwritten.
        shifts: (k,) how much further up `ours` are than they should be; sorting does not care.
        work: where to compute.

    Returns:
        (k,)
    """
    if work.device is not None:
        shift = torch.as_tensor(shifts[:, None], dtype=torch.float32, device=ours.device)
        apart = ours.sort(dim=1).values - theirs.sort(dim=1).values - shift
        return apart.abs_().mean(dim=1).double().cpu().numpy()
    left, right = ours.numpy(), theirs.numpy()

    def row_apart(row: int) -> float:
        one, other = left[row], right[row]
        one.sort()  # NumPy's sort of float32 uses the processor's vectors
        other.sort()
        one -= other
        one -= np.float32(shifts[row])
        return float(np.abs(one, out=one).mean())

    return np.array(work.each(row_apart, range(len(left))))


def _room(descriptors: Descriptors, rows: int) -> Room | None:
    """Memory for projections, used again for each block of directions: the system is slow to give it."""
    if isinstance(descriptors.values, Tensor):
        return None
    return np.empty((rows, len(descriptors.values)), dtype=np.float32)


def _scaled(descriptors: Descriptors, directions: Directions, room: Room | None) -> tuple[Tensor, Values]:
    """Projections (k, n) and their means (k,); deviations are folded into the directions."""
    means, deviations = descriptors.statistics()
    each = len(directions) // CHANNELS  # components of a channel
    scaled = directions / np.maximum(deviations, SMALLEST_DEVIATION).repeat(each)[:, None]  # (d, k) float64
    rows = np.ascontiguousarray(scaled.T, dtype=np.float32)
    return projected(descriptors.values, rows, room), means.repeat(each) @ scaled


def projected(
    values: npt.NDArray[np.float32] | Tensor, rows: npt.NDArray[np.float32], room: Room | None = None
) -> Tensor:
    """Products (k, n) of rows (k, d) with descriptors (n, d); by NumPy on cores, where it is the faster."""
    if isinstance(values, Tensor):
        return torch.from_numpy(rows).to(values.device) @ values.T
    out = np.empty((len(rows), len(values)), dtype=np.float32) if room is None else room[: len(rows)]
    for start in range(0, len(values), CHUNK):
        np.matmul(rows, values[start : start + CHUNK].T, out=out[:, start : start + CHUNK])
    return torch.from_numpy(out)
