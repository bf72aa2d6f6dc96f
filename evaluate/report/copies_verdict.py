"""The verdict on copies of training images among the generated ones."""

from collections.abc import Mapping
from typing import Any

from evaluate.measures.altered_copies import TELLING
from evaluate.report.verdict import Verdict, sentence
from evaluate.results.notes import in_percent

QUESTION = "Does it copy training images?"
NO_COPY = "no copy of a training image was found"
NOT_FOUND = (
    "Not every copy is found: some that are shifted, zoomed, blended or pasted in part are missed, and most "
    "that are changed more strongly or in several ways."
)
NOT_ALIGNED = "Images below 32 px are not aligned: shifted, zoomed and pasted copies are not found."
COLOURS = "Images with less contrast or other colours lie nearer to all others: look at these first."
LOOK = "look at the pairs below before you share any"


def copies_verdict(copies: Mapping[str, Any], *, other_colours: bool) -> Verdict:
    """The answer.

    Args:
        copies: as in measures.json.
        other_colours: whether colours or contrast are clearly not those of the real images, which alone makes
            images nearer to all others.
    """
    count, altered = copies["images"], copies["altered"]
    if found := copies["copies"]:
        kind = "is a copy of a training image" if found == 1 else "are copies of training images"
        short = f"{found:,} of {count:,} generated images {kind}"
        return Verdict(QUESTION, "bad", short, f"{short}, by pixels or by hashes: {LOOK}.")
    not_found = NOT_ALIGNED if altered is None else NOT_FOUND
    if altered and copies["altered_chance"] is not None and copies["altered_chance"] < TELLING:
        short = f"{altered:,} of {count:,} generated images are altered copies of training images"
        says = f"{short}: moved, zoomed, rotated, blended or pasted. {sentence(LOOK)}. {not_found}"
        return Verdict(QUESTION, "bad", short, says)
    if copies["chance"] is None:
        says = f"{NO_COPY}. There are too few training images to say how near honest images are."
        return Verdict(QUESTION, "note", NO_COPY, f"{sentence(says)} {not_found}")
    return _by_nearness(copies, not_found, other_colours=other_colours)


def _by_nearness(copies: Mapping[str, Any], not_found: str, *, other_colours: bool) -> Verdict:
    near, count, altered = copies["near"], copies["images"], copies["altered"]
    says = (
        f"{sentence(NO_COPY)}, and {near:,} of {count:,} generated images are as near to one "
        f"as {in_percent(copies['expected_share'])} of real images are on average"
    )
    whether = (
        "too few to say whether by chance" if copies["altered_chance"] is None else "no more than by chance"
    )
    some = f" {altered:,} may be altered copies, {whether}: {LOOK}." if altered else ""
    if copies["chance"] >= TELLING:
        says = f"{says}: no more than by chance.{some} {not_found}"
        return Verdict(QUESTION, "note", NO_COPY, says)
    if other_colours:
        says = f"{says}, more than by chance. {COLOURS}{some} {not_found}"
        return Verdict(QUESTION, "note", NO_COPY, says)
    short = f"{near:,} of {count:,} generated images are nearer to training images than by chance"
    return Verdict(QUESTION, "look", short, f"{says}, more than by chance: {LOOK}.")
