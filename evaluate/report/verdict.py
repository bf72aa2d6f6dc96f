"""A verdict: the answer to one question about a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["bad", "look", "note", "good"]  # worst first
STATES: Mapping[State, str] = {"bad": "bad", "look": "look at it", "note": "to know", "good": "good"}


def sentence(words: str) -> str:
    """Words with a capital at their beginning."""
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Verdict:
    """The answer to one question.

    `look`: a person should look; `note`: neither good nor bad, or not everything could be seen.
    """

    question: str
    state: State
    short: str  # for a headline
    says: str
