"""Opt-outs in an answer's headers: X-Robots-Tag and TDM-Reservation. Pure."""

import re
from collections.abc import Iterable

FORBIDDING = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
BOT = re.compile(r"[a-z0-9_*.-]+")  # a bot's name before a colon; a date has blanks there
BETWEEN = re.compile(r"[\s;]+")  # separators that some servers use in place of commas


def opted_out(robots_tags: Iterable[str], tdm_reservations: Iterable[str], agent: str) -> str:
    """The signal by which an image's owner opts out; empty when there is none.

    Args:
        robots_tags: values of X-Robots-Tag; `bot: directives` holds for that bot only.
        tdm_reservations: values of TDM-Reservation; `1` reserves rights.
        agent: our name in robots.txt.
    """
    if any(part.strip() == "1" for value in tdm_reservations for part in value.split(",")):
        return "tdm-reservation"
    for tag in robots_tags:
        for_us = True
        for part in tag.lower().split(","):
            name, colon, rest = (piece.strip() for piece in part.partition(":"))
            if colon and name in WITH_VALUE:
                continue
            if colon and BOT.fullmatch(name):
                for_us, name = name in ("*", agent.lower()), rest
            if for_us and (found := FORBIDDING.intersection(BETWEEN.split(name))):
                return min(found)
    return ""
