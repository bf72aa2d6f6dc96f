"""The verdict on brightness, colour and contrast, which the distance does not see."""

from collections.abc import Mapping
from typing import Any

from evaluate.report.verdict import Verdict

QUESTION = "Are its colours and its contrast right?"
CERTAIN = 0.01  # probability, for all six tests together, below which a difference is no chance
VISIBLE = 0.2  # of the real images' own spread; a smaller difference is told, and nothing more
CAST = 0.5  # of the largest shift of a channel; a channel that shifts less shows a cast

Tones = Mapping[str, Mapping[str, Any]]  # by channel


def colour_verdict(colours: Mapping[str, Tones] | None) -> Verdict:
    """The answer.

    Args:
        colours: as in measures.json; None: there were too few images.
    """
    if colours is None:
        return Verdict(
            QUESTION, "note", "too few images to compare colours", "There are too few images to say so."
        )
    tests = sum(map(len, colours.values()))
    certain = {
        name: [tone for tone in tones.values() if tone["chance"] * tests < CERTAIN]
        for name, tones in colours.items()
    }
    says = _numbers(colours)
    if not any(certain.values()):
        says = f"{says}: no more apart than by chance."
        return Verdict(QUESTION, "good", "colours and contrast as in the real images", says)
    visible = any(_share(tone) >= VISIBLE for tones in certain.values() for tone in tones)
    words = [_contrast(colours["contrast"])] if certain["contrast"] else []
    words += [_shift(colours["mean"])] if certain["mean"] else []
    short = f"{' and '.join(words)} than the real images"
    says = f"{says}. The distance hardly sees colour and contrast: it normalises both sets."
    return Verdict(QUESTION, "look" if visible else "note", short, says)


def _numbers(colours: Mapping[str, Tones]) -> str:
    made, real = (
        " and ".join(f"{name} {_levels(tones, side)}" for name, tones in colours.items())
        for side in ("generated", "real")
    )
    return f"Red/green/blue in grey levels: generated images have {made}, real ones {real}"


def _levels(tones: Tones, side: str) -> str:
    return "/".join(f"{tone[side]:.0f}" for tone in tones.values())


def _share(tone: Mapping[str, Any]) -> float:
    """A difference in units of the real images' spread."""
    apart = abs(tone["generated"] - tone["real"])
    return float(apart / tone["spread"]) if tone["spread"] else float(apart > 0)


def _contrast(tones: Tones) -> str:
    made, real = (sum(tone[side] for tone in tones.values()) for side in ("generated", "real"))
    if not real:
        return "more contrast"
    return f"{'less' if made < real else 'more'} contrast ({made / real:.2f} times)"


def _shift(tones: Tones) -> str:
    shifts = {channel: tone["generated"] - tone["real"] for channel, tone in tones.items()}
    least, most = min(shifts.values()), max(shifts.values())
    largest = max(abs(least), abs(most))
    if min(abs(shift) for shift in shifts.values()) >= CAST * largest and least * most > 0:
        mean = sum(shifts.values()) / len(shifts)
        return f"{'darker' if mean < 0 else 'brighter'} (by {abs(mean):.0f} grey levels)"
    listed = ", ".join(f"{channel} {shift:+.0f}" for channel, shift in shifts.items())
    return f"with another cast ({listed} grey levels)"
