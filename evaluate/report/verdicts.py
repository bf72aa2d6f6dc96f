"""The verdicts of the report, in words. All functions are pure, so that each sentence can be tested."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evaluate.comparison.distances import Estimate
from evaluate.comparison.snapshots import Row
from evaluate.results.evaluation import Evaluation
from evaluate.results.notes import UNDERSTATED

SHARP = 1.5  # times the floor; an interval that ends higher is too wide for a verdict
STANDARD_ERRORS = 2.0  # standard deviations above the expected number: more near images are too many


NOT_FOUND = "Zoomed, rotated or shifted copies would not be found."
SAME = "The intervals overlap: this distance cannot tell them apart."
BLUNT = "But they are wide: measure more images (evaluate.images) for a clearer answer."

State = Literal["good", "look", "note"]  # look: a person should look; note: neither good nor bad


@dataclass(frozen=True)
class Verdict:
    """The answer to one question."""

    question: str
    state: State
    says: str


def verdicts(evaluation: Evaluation, measures: Mapping[str, Any], train: Mapping[str, Any]) -> list[Verdict]:
    """The answers for this run, the most important first.

    Args:
        evaluation: distances of all snapshots.
        measures: as in measures.json.
        train: as in train.json; empty if it is missing.
    """
    answers = [_quality(evaluation), _course(evaluation)]
    if measures.get("ms_ssim"):
        answers.append(_variation(measures["ms_ssim"]))
    if measures.get("copies"):
        answers.append(_copies(measures["copies"]))
    if train:
        answers.append(_health(train))
    return answers


def _quality(evaluation: Evaluation) -> Verdict:
    best, floor = evaluation.best.distances.average, evaluation.floor.distances.average
    ratio = evaluation.ratio(evaluation.best)
    name = evaluation.floor.name
    times = f"{ratio.value:.1f} times the {name}" if ratio else f"no ratio to the {name}"
    state: State = "look"
    if evaluation.floor.kind != "disjoint":
        state, among = "note", "themselves, with patches at other positions"
        means = f"The dataset is too small for a true floor, which lies higher: {UNDERSTATED}."
    else:
        among = "other real images"
        means = "The intervals do not overlap: the generator can still improve."
        if best.overlaps(floor):
            sharp = ratio and ratio.interval and ratio.interval[1] <= SHARP
            state, means = ("good", SAME) if sharp else ("note", f"{SAME} {BLUNT}")
    says = f"Distance {_with_interval(best)}; real images lie {_with_interval(floor)} from {among}: {times}."
    return Verdict("How far from the real images?", state, f"{says} {means}")


def _course(evaluation: Evaluation) -> Verdict:
    best, last, rival = evaluation.best, evaluation.rows[-1], evaluation.runner_up
    state: State = "look"
    if len(evaluation.rows) == 1:
        state, says = "note", "There is one snapshot: nothing to compare it with."
    elif best is last and rival is None:
        says = "The last snapshot is clearly the best: longer training may still improve it."
    elif best is last:
        state, says = (
            "note",
            f"The last snapshot is the best, but cannot be told from that at {_kimg(rival)}.",
        )
    elif best.distances.average.overlaps(last.distances.average):
        state, says = (
            "good",
            f"The best, at {_kimg(best)}, cannot be told from the last: training has levelled off.",
        )
    else:
        says = f"The best is at {_kimg(best)}; the last is clearly worse: use the best, not the last."
    return Verdict("Was it trained long enough?", state, says)


def _variation(similarity: Mapping[str, Any]) -> Verdict:
    question = "Do its images vary?"
    made, real = similarity["generated"], similarity["real"]
    says = (
        f"MS-SSIM of pairs is {made['value']:.3f} for generated and {real['value']:.3f} for real images "
        f"({similarity['pairs']:,} pairs each; lower is more varied)"
    )
    if made["low"] is None or real["low"] is None:
        return Verdict(question, "note", f"{says}.")
    if made["low"] > real["high"]:
        return Verdict(
            question, "look", f"{says}: less varied than the training images, a sign of mode collapse."
        )
    if made["high"] < real["low"]:
        return Verdict(
            question, "look", f"{says}: more varied than the training images, often because of noise."
        )
    return Verdict(question, "good", f"{says}: they cannot be told apart.")


def _copies(copies: Mapping[str, Any]) -> Verdict:
    question = "Does it copy training images?"
    count, near, expected = copies["images"], copies["near"], copies["expected_share"]
    if found := copies["copies"]:
        kind = "is a copy" if found == 1 else "are copies"
        says = f"{found} of {count:,} generated images {kind} of training images, by pixels or by hashes"
        return Verdict(question, "look", f"{says}: look at the pairs below before you share any.")
    says = (
        f"No copy was found, and {near} of {count:,} generated images are as near to a training image as "
        f"{expected:.0%} of real images are to another"
    )
    usual = count * expected + STANDARD_ERRORS * math.sqrt(count * expected * (1 - expected))
    if near > usual:
        return Verdict(
            question, "look", f"{says}, more than by chance: look at the pairs below before you share any."
        )
    return Verdict(question, "good", f"{says}: no more than by chance. {NOT_FOUND}")


def _health(train: Mapping[str, Any]) -> Verdict:
    question = "Did training stay healthy?"
    skipped, alarms = train.get("skipped_steps", 0), train.get("alarms", "")
    if not skipped and not alarms:
        return Verdict(question, "good", "No step was skipped, and no alarm was raised.")
    said = [f"{skipped:,} steps skipped because of numbers that are not finite"] if skipped else []
    said += [f"alarms: {alarms}"] if alarms else []
    return Verdict(question, "look", "; ".join(said) + ".")


def _with_interval(estimate: Estimate) -> str:
    if estimate.interval is None:
        return f"{estimate.value:.2f}"
    low, high = estimate.interval
    return f"{estimate.value:.2f} ({low:.2f} to {high:.2f})"


def _kimg(row: Row | None) -> str:
    return f"{row.kimg:.1f} kimg" if row else ""
