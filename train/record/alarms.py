"""Signs of a training that goes wrong, found in the rows of its log."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fashion_pggan.params import TrainParams
from train.record.log import Row

NEEDED = 10  # rows before a median says anything
NEAR_ONE = 2.0  # a penalty norm within this factor of 1 has settled; before that, a low one is normal

GO_BACK = (
    "look at latest.png; if it is bad, stop and train with another train.seed or a lower "
    "train.learning_rate_base; snapshots from before are kept"
)
LOWER = "lower train.learning_rate_base, or raise train.gp_weight"


@dataclass(frozen=True)
class Alarm:
    """A sign that something goes wrong now."""

    name: str  # its name in the log's column
    text: str  # the value, its threshold, what to do


def alarms_in(rows: Sequence[Row], distance: float, params: TrainParams) -> list[Alarm]:
    """The alarms that hold at the last of the rows.

    Args:
        rows: of the run so far, oldest first.
        distance: of two images of the dataset, see `samples.distance_between`.
        params: the train section; those named `alarm_*` are read.
    """
    if not rows:
        return []
    found = (
        _not_finite(rows),
        _skipped(rows, params),
        _score_gap(rows, distance, params),
        _penalty(rows, params),
        _stddev(rows, params),
    )
    return [alarm for alarm in found if alarm]


def lately(rows: Sequence[Row], params: TrainParams) -> set[str]:
    """Names of the alarms that held at the last row or shortly before it: not new if they hold again."""
    recent = [row for row in rows if row.kimg >= rows[-1].kimg - params.alarm_after_kimg]
    return {name for row in recent for name in row.alarms.split()}


def _not_finite(rows: Sequence[Row]) -> Alarm | None:
    row = rows[-1]
    measured = ("critic_loss", "generator_loss", "score_gap", "penalty_norm")
    names = [name for name in measured if not math.isfinite(getattr(row, name))]
    if not names:
        return None
    return Alarm("not_finite", f"not finite: {', '.join(names)}; {LOWER}")


def _skipped(rows: Sequence[Row], params: TrainParams) -> Alarm | None:
    row = rows[-1]
    before = rows[-2] if len(rows) > 1 else None
    skipped = row.skipped_steps - (before.skipped_steps if before else 0)
    steps = 2000 * (row.kimg - (before.kimg if before else 0)) / row.minibatch  # both networks take a step
    share = skipped / max(steps, skipped, 1)
    if share <= params.alarm_skipped:
        return None
    return Alarm(
        "skipped",
        f"{share:.0%} of the steps since the last row were skipped because gradients were not finite "
        f"(train.alarm_skipped {params.alarm_skipped:g}): {LOWER}",
    )


def _score_gap(rows: Sequence[Row], distance: float, params: TrainParams) -> Alarm | None:
    recent, before = _split(rows, params)
    gaps = [abs(row.score_gap) for row in before if math.isfinite(row.score_gap)]
    median = statistics.median(gaps) if len(gaps) >= NEEDED else math.inf
    grown = max(params.alarm_gap_growth * median, params.alarm_gap_share * distance)
    threshold = min(grown, distance)  # a critic of slope 1 sees no larger one between two such sets
    if not _all(recent, lambda row: abs(row.score_gap) > threshold):
        return None
    return Alarm(
        "score_gap",
        f"the score gap is {rows[-1].score_gap:.4g}, beyond {threshold:.4g}, which follows from its median "
        f"before (train.alarm_gap_growth {params.alarm_gap_growth:g}) and the distance of two real images "
        f"(train.alarm_gap_share {params.alarm_gap_share:g} of {distance:.4g}): one network runs "
        f"away; {GO_BACK}",
    )


def _penalty(rows: Sequence[Row], params: TrainParams) -> Alarm | None:
    recent, before = _split(rows, params)
    arrived = any(1 / NEAR_ONE <= row.penalty_norm <= NEAR_ONE for row in before)
    low = 1 / params.alarm_penalty if arrived else 0.0
    high = params.alarm_penalty
    if not _all(recent, lambda row: row.penalty_norm > high or row.penalty_norm < low):
        return None
    return Alarm(
        "penalty",
        f"the critic's gradient norm has been {rows[-1].penalty_norm:.3g} times its target for "
        f"{params.alarm_after_kimg:g} kimg (train.alarm_penalty {params.alarm_penalty:g} or its inverse): "
        f"its scores mean little; {LOWER}",
    )


def _stddev(rows: Sequence[Row], params: TrainParams) -> Alarm | None:
    recent, _ = _split(rows, params)
    if not _all(recent, lambda row: row.sample_stddev < params.alarm_stddev):
        return None
    return Alarm(
        "stddev",
        f"images of different latent vectors differ {rows[-1].sample_stddev:.3g} times as much as the "
        f"dataset's (train.alarm_stddev {params.alarm_stddev:g}): the generator collapses to one image; "
        f"{GO_BACK}",
    )


def _split(rows: Sequence[Row], params: TrainParams) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows of the last `alarm_after_kimg`, none if the run is shorter; and the rows before them."""
    since = rows[-1].kimg - params.alarm_after_kimg
    first = next(place for place, row in enumerate(rows) if row.kimg > since)
    return (rows[first:], rows[:first]) if since >= 0 else ((), rows)


def _all(rows: Sequence[Row], holds: Callable[[Row], bool]) -> bool:
    return bool(rows) and all(holds(row) for row in rows)
