"""The sliced Wasserstein distance between two sets of descriptors.

Source: Karras et al. 2018, section 5; Rabin et al. 2011.
"""

from queue import SimpleQueue

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.distance.descriptors import CHANNELS, Descriptors
from fashion_pggan.distance.work import Work

CHUNK = 65_536  # descriptors projected at once
DIRECTIONS_AT_ONCE = 32  # per thread: at 2,097,152 descriptors 0.27 GB per set
ROOM_BYTES = 2_200_000_000  # for the projections of all threads
PRINTED_TIMES = 1e3  # the paper prints distances times a thousand
SMALLEST_DEVIATION = 1e-3  # grey levels; a smaller deviation is rounding, not contrast

Directions = npt.NDArray[np.float32]  # (d, k) unit columns
Values = npt.NDArray[np.float64]


def draw_directions(seed: int, repeat: int, size: int, count: int) -> Directions:
    """Random unit columns (size, count): float32, normalised in float64."""
    columns = np.random.default_rng([seed, repeat]).standard_normal((size, count))
    directions: Directions = (columns / np.linalg.norm(columns, axis=0)).astype(np.float32)
    return directions


def sliced_wasserstein(real: Descriptors, fake: Descriptors, directions: Directions, work: Work) -> Values:
    """1-D Wasserstein-1 distances along given unit directions; their mean is the sliced distance.

    Each set is normalised by its own statistics to zero mean and unit variance per colour channel. A channel
    without contrast becomes zero.

    Args:
        real: n descriptors of d components.
        fake: n descriptors of d components.
        directions: (d, k) unit columns.
        work: where to compute; the number of workers does not change the results.

    Returns:
        (k,) distances in descriptor standard deviations; the paper prints their mean times 1000.

    Raises:
        ValueError: the shapes differ, so that sorted projections cannot be paired.
    """
    if real.values.shape != fake.values.shape:
        raise ValueError(
            f"{tuple(real.values.shape)} real and {tuple(fake.values.shape)} generated descriptors cannot "
            "be paired: give sets of equal size"
        )
    rows = torch.from_numpy(np.ascontiguousarray(directions.T))  # (k, d)
    count, block = len(real.values), min(DIRECTIONS_AT_ONCE, len(rows))
    rooms = _rooms(count, block, work)

    def apart(start: int) -> Values:
        part = rows[start : start + block]
        room = rooms.get()
        (ours, our_means), (theirs, their_means) = (
            _scaled(each, part, into[: len(part)]) for each, into in zip((real, fake), room, strict=True)
        )
        distances = rows_apart(ours, theirs, our_means - their_means, work)
        rooms.put(room)
        return distances

    return np.concatenate(work.each(apart, range(0, len(rows), block)))


def rows_apart(ours: Tensor, theirs: Tensor, shifts: Values, work: Work) -> Values:
    """Mean difference of sorted values, row by row.

    Args:
        ours: (k, n), overwritten.
        theirs: (k, n), overwritten.
        shifts: (k,) difference of the means, subtracted after sorting, which it does not change.
        work: on the CPU NumPy sorts, because it uses vector instructions; on a device PyTorch sorts.

    Returns:
        (k,) distances.
    """
    if work.device is not None:
        shift = torch.as_tensor(shifts[:, None], dtype=torch.float32, device=ours.device)
        apart = ours.sort(dim=1).values - theirs.sort(dim=1).values - shift
        return apart.abs_().mean(dim=1).double().cpu().numpy()
    found = []
    for one, other, shift in zip(ours.numpy(), theirs.numpy(), shifts.astype(np.float32), strict=True):
        one.sort()
        other.sort()
        one -= other  # noqa: PLW2901  # in place
        one -= shift  # noqa: PLW2901  # in place
        found.append(float(np.abs(one, out=one).mean()))
    return np.array(found)


def scales_of(deviations: Values) -> Values:
    """Factors that bring channels to unit variance; 0 for a channel without contrast."""
    return np.where(is_flat(deviations), 0.0, 1 / np.maximum(deviations, SMALLEST_DEVIATION))


def is_flat(deviations: Values) -> npt.NDArray[np.bool_]:
    """Whether each channel is without contrast."""
    return deviations < SMALLEST_DEVIATION


def projected(values: Tensor, rows: Tensor, into: Tensor) -> Tensor:
    """Multiply rows (k, d) by descriptors (n, d) on any device; the products (k, n) go into `into`."""
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK].to(rows.device)
        torch.mm(rows, part.T, out=into[:, start : start + CHUNK])
    return into


def _rooms(count: int, rows: int, work: Work) -> "SimpleQueue[tuple[Tensor, Tensor]]":
    """Memory for the projections of two sets: one piece per thread, for as many threads as fit."""
    fitting = max(1, ROOM_BYTES // (2 * rows * count * 4))
    rooms: SimpleQueue[tuple[Tensor, Tensor]] = SimpleQueue()
    for _ in range(min(work.workers, fitting) if work.device is None else 1):
        one, other = torch.empty(2, rows, count, device=work.torch_device)
        rooms.put((one, other))
    return rooms


def _scaled(descriptors: Descriptors, rows: Tensor, into: Tensor) -> tuple[Tensor, Values]:
    """Projections (k, n) and their means (k,); the channels' scales are folded into the directions."""
    means, deviations = descriptors.statistics()
    each = rows.shape[1] // CHANNELS  # components of a channel
    scaled = rows.double().numpy() * scales_of(deviations).repeat(each)  # (k, d)
    columns = torch.as_tensor(scaled, dtype=torch.float32, device=into.device)
    return projected(descriptors.tensor, columns, into), scaled @ means.repeat(each)
