"""The verdict on labels: what a classifier gains from generated images, beside real ones."""

from collections.abc import Mapping
from typing import Any

from evaluate.report.verdict import State, Verdict

QUESTION = "What are its labels worth?"
WHY = "no classifier was trained"
UNTAUGHT = (
    "That cannot be told from guessing: the generator does not obey its labels, or its images teach nothing."
)


def worth_verdict(found: Mapping[str, Any] | str) -> Verdict:
    """The verdict.

    Args:
        found: as `Scores.facts`, or a sentence that says why there are no scores.
    """
    if isinstance(found, str):
        return Verdict(QUESTION, "note", WHY, f"It was not measured: {found}.")
    state, short, says = _of_training(found)
    return Verdict(QUESTION, state, short, " ".join([says, *_of_adding(found["added"]), *_left_out(found)]))


def _of_training(found: Mapping[str, Any]) -> tuple[State, str, str]:
    """State, headline and sentences on training with generated images alone."""
    real, made, guess = found["real_to_real"], found["gan_train"], 1 / found["labels"]
    says = (
        f"Of held-out real images, a classifier finds {_cell(real['balanced_accuracy'])} if it is trained on "
        f"real images, and {_cell(made['balanced_accuracy'])} if it is trained on as many generated ones "
        f"(balanced accuracy of {found['labels']} labels; guessing {guess:.2f})."
    )
    kept = found["kept"]
    if kept is None:
        short = "real images themselves teach too little to say what generated ones are worth"
        return "note", short, f"{says} It cannot be told what generated images are worth: {_unclear(found)}."
    if not made["gain_over_guessing"]["low"] > 0:
        short = "a classifier learns nothing clear from the generated images"
        return "bad", short, f"{says} {UNTAUGHT}"
    short = (
        f"trained on the generated images, a classifier keeps {kept['value']:.2f} of the gain over guessing "
        "that as many real images give"
    )
    state: State = "good" if kept["high"] >= 1 else "note"
    return state, short, f"{says} Trained{short[7:]} ({kept['low']:.2f} to {kept['high']:.2f})."


def _unclear(found: Mapping[str, Any]) -> str:
    if found["real_to_real"]["gain_over_guessing"]["low"] is None:
        return "one seed has no interval (evaluate.classifier_seeds)"
    return "on real images the gain over guessing is not clearly above zero"


def _of_adding(added: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """A sentence per share of the real images: what generated ones add."""
    return [
        f"Added to {float(share):.0%} of the real images, they {_change(difference)}."
        for share, difference in added.items()
    ]


def _change(difference: Mapping[str, float | None]) -> str:
    value, low, high = difference["value"], difference["low"], difference["high"]
    assert value is not None
    if low is None or high is None:
        return f"change balanced accuracy by {value:+.3f}"
    within = f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
    if low <= 0 <= high:
        return f"change it by {within}: no change that can be told"
    return f"{'raise' if low > 0 else 'lower'} balanced accuracy: {within}"


def _left_out(found: Mapping[str, Any]) -> list[str]:
    named = [
        f"{label} ({counts['training']:,} for training, {counts['held_out']:,} held out)"
        for label, counts in found["left_out"].items()
    ]
    return [f"Left out, with too few images: {', '.join(named)}."] if named else []


def _cell(estimate: Mapping[str, float | None]) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return f"{estimate['value']:.2f}"
    return f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f})"
