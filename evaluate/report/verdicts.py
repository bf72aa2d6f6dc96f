"""The verdicts of the report, in words. All functions are pure, so that each sentence can be tested."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluate.comparison.distances import Distances, Estimate
from evaluate.comparison.snapshots import Row
from evaluate.report.colour_verdict import colour_verdict
from evaluate.report.copies_verdict import copies_verdict
from evaluate.report.verdict import STATES, State, Verdict, sentence
from evaluate.report.worth_verdict import worth_verdict
from evaluate.results.evaluation import Evaluation
from evaluate.results.notes import in_percent
from evaluate.sets.novelty import MAY_HAVE_SEEN, SEEN

SHARP = 1.5  # times the floor; an interval that ends higher is too wide for a verdict
FARTHER = 0.05  # probability below which a distance is larger than that of two sets of one kind
NEARER = 0.01  # and below which it is smaller
DISTINCT = 0.5  # of the generated images; fewer is a collapse

APART = "Two sets of one kind seldom lie so far apart, so the generator can still improve"
REPEATED = "It lies clearly nearer than other real images do: a sign that training images are repeated."
SAME = "This distance cannot tell them apart: two sets of one kind lie as far apart often enough"
UNTESTED = "There are too few images, or evaluate.replicates is too small, to test it."
COLOURS_TOO = "Other colours or another contrast move MS-SSIM, too: look at these first."
TOO_LOW = "too low, so the test decides, not the ratio"
BLUNT = "But the ratio's interval is wide: measure more images (evaluate.images) for a clearer answer."


QUALITY = "How far from the real images?"
HELD_OUT = "Are the held-out images new to it?"


def verdicts(evaluation: Evaluation, measures: Mapping[str, Any], train: Mapping[str, Any]) -> list[Verdict]:
    """The answers for this run, the worst first, of equally bad ones the most important.

    Args:
        evaluation: distances of all snapshots.
        measures: as in measures.json.
        train: as in train.json; empty if it is missing.
    """
    answers = [_quality(evaluation)]
    if "colours" in measures:
        answers.append(colour_verdict(measures["colours"]))
    other_colours = "colours" in measures and answers[-1].state == "look"
    if measures.get("copies"):
        answers.insert(0, copies_verdict(measures["copies"], other_colours=other_colours))
    if variation := _variation(
        measures.get("ms_ssim"), measures.get("distinct"), other_colours=other_colours
    ):
        answers.append(variation)
    if "labels" in measures:
        answers.append(worth_verdict(measures["labels"]))
    if measures.get("knows_held_out"):
        answers.append(Verdict(HELD_OUT, "look", "the generator knows held-out images", SEEN))
    elif measures.get("may_know_held_out"):
        answers.append(Verdict(HELD_OUT, "note", "the generator may know held-out images", MAY_HAVE_SEEN))
    answers.append(_course(evaluation))
    if train:
        answers.append(_health(train))
    return sorted(answers, key=lambda answer: list(STATES).index(answer.state))


def headline(answers: Sequence[Verdict]) -> str:
    """The worst verdict in a line; the distance, if no verdict is worse than *to know*.

    Args:
        answers: of `verdicts`.
    """
    worst = answers[0]
    if worst.state not in ("bad", "look"):
        (worst,) = (answer for answer in answers if answer.question == QUALITY)
    return f"{STATES[worst.state]}: {worst.short}"


def _quality(evaluation: Evaluation) -> Verdict:
    chosen, floor = evaluation.chosen, evaluation.floor.distances.average
    ratio, name = evaluation.ratio(chosen), evaluation.floor.name
    times = f"{ratio.value:.1f} times the {name}" if ratio else f"no ratio to the {name}"
    disjoint = evaluation.floor.kind == "disjoint"
    among = "other real images" if disjoint else "themselves, with patches at other positions"
    fresh = ", on images that did not choose it" if evaluation.again else ""
    says = (
        f"Distance {_with_interval(chosen.average)}{fresh}; real images lie {_with_interval(floor)} from "
        f"{among}: {times}."
    )
    distance = f"distance {chosen.average.value:.2f}, {times}"
    state, short, means = _tested(chosen, ratio if disjoint else None, distance)
    if untrained := _no_better_than_untrained(evaluation):
        state, means, short = "bad", untrained, "no snapshot is clearly better than the untrained network"
    if not disjoint:
        means = f"{means} The dataset is too small for a true floor: the {name} is {TOO_LOW}."
    return Verdict(QUALITY, state, short, f"{says} {means}")


def _tested(chosen: Distances, ratio: Estimate | None, distance: str) -> tuple[State, str, str]:
    """State, headline and meaning, by the test of the distance against images dealt out anew."""
    if chosen.chances is None:
        return "note", distance, UNTESTED
    farther, nearer = chosen.chances
    if nearer < NEARER:
        return "bad", f"nearer to the training images than other real ones: {distance}", REPEATED
    if farther < FARTHER:
        return "look", distance, f"{APART} ({in_percent(farther)})."
    says = f"{SAME} ({in_percent(farther)})."
    if ratio and _ends(ratio)[1] <= SHARP:
        return "good", f"as near as real images are: {distance}", says
    return "note", f"not told from real images: {distance}", f"{says} {BLUNT}"


def _ends(estimate: Estimate) -> tuple[float, float]:
    return estimate.interval or (estimate.value, estimate.value)


def _no_better_than_untrained(evaluation: Evaluation) -> str:
    """A sentence, if the untrained network was measured, and no other snapshot is clearly better."""
    untrained, *others = evaluation.rows
    if untrained.kimg > 0 or not others:
        return ""
    best = min((row.distances.average for row in others), key=lambda average: average.value)
    gain = best.over(untrained.distances.average)
    if gain is None or _ends(gain)[1] < 1:
        return ""
    return (
        f"The untrained network lies at {_with_interval(untrained.distances.average)}: training has not "
        "brought the images clearly nearer."
    )


def _course(evaluation: Evaluation) -> Verdict:
    best, last, rival = evaluation.best, evaluation.rows[-1], evaluation.runner_up
    question = "Was it trained long enough?"
    if len(evaluation.rows) == 1:
        return Verdict(
            question, "note", "there is one snapshot", "There is one snapshot: nothing to compare it with."
        )
    if best is last and rival is None:
        return Verdict(
            question,
            "look",
            "the last snapshot is the best",
            "The last snapshot is clearly the best: longer training may still improve it.",
        )
    if best is last:
        says = f"The last snapshot is the best, but cannot be told from that at {_kimg(rival)}."
        return Verdict(question, "note", "the last snapshot is the best", says)
    if best.distances.average.untold(last.distances.average):
        says = f"The best, at {_kimg(best)}, cannot be told from the last: training has levelled off."
        return Verdict(question, "good", "training has levelled off", says)
    says = f"The best is at {_kimg(best)}; the last is clearly worse: use the best, not the last."
    return Verdict(question, "look", f"the last snapshot is worse than that at {_kimg(best)}", says)


def _variation(
    similarity: Mapping[str, Any] | None, distinct: Mapping[str, Any] | None, *, other_colours: bool
) -> Verdict | None:
    """How varied the images are: repeated ones weigh more than the similarity of pairs, which misses them."""
    question = "Do its images vary?"
    repeats = _repeats(distinct) if distinct else ""
    few = distinct is not None and distinct["distinct"] < DISTINCT * distinct["images"]
    if similarity is None:
        if not repeats:
            return None
        return Verdict(question, "bad" if few else "look", repeats, f"{sentence(repeats)}.")
    made, real = similarity["generated"], similarity["real"]
    says = (
        f"MS-SSIM of pairs is {made['value']:.3f} for generated and {real['value']:.3f} for real images "
        f"({similarity['pairs']:,} pairs each; lower is more varied)"
    )
    state, short, means = _by_similarity(made, real)
    says = f"{says}{means}."
    if not repeats and state == "look" and other_colours:
        return Verdict(question, "note", short, f"{says} {COLOURS_TOO}")
    if not repeats:
        return Verdict(question, state, short, says)
    return Verdict(question, "bad" if few else "look", repeats, f"{sentence(repeats)}. {says}")


def _by_similarity(made: Mapping[str, Any], real: Mapping[str, Any]) -> tuple[State, str, str]:
    if made["low"] is None or real["low"] is None:
        return "note", "too few images to say how varied they are", ""
    if made["low"] > real["high"]:
        short = "less varied than the training images"
        return "look", short, f": {short}, a sign of mode collapse"
    if made["high"] < real["low"]:
        short = "more varied than the training images"
        return "look", short, f": {short}, often because of noise"
    return "good", "as varied as the training images", ": they cannot be told apart"


def _repeats(distinct: Mapping[str, Any]) -> str:
    """That generated images repeat each other, more often than the real images do; empty if they do not."""
    made, images = distinct["distinct"], distinct["images"]
    if images - made <= distinct["real_images"] - distinct["real_distinct"]:
        return ""
    return f"{made:,} of {images:,} generated images are distinct, the others repeat them"


def _health(train: Mapping[str, Any]) -> Verdict:
    question = "Did training stay healthy?"
    skipped, alarms = train.get("skipped_steps", 0), train.get("alarms", "")
    if not skipped and not alarms:
        return Verdict(
            question, "good", "training stayed healthy", "No step was skipped, and no alarm was raised."
        )
    said = [f"{skipped:,} steps skipped because of numbers that are not finite"] if skipped else []
    said += [f"alarms: {alarms}"] if alarms else []
    short = "; ".join(said)
    return Verdict(question, "look", short, f"{sentence(short)}.")


def _with_interval(estimate: Estimate) -> str:
    if estimate.interval is None:
        return f"{estimate.value:.2f}"
    low, high = estimate.interval
    return f"{estimate.value:.2f} ({low:.2f} to {high:.2f})"


def _kimg(row: Row | None) -> str:
    return f"{row.kimg:.1f} kimg" if row else ""
