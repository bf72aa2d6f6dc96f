"""What an answer's headers say about use by machines. Pure."""

from collections.abc import Iterable

FORBIDDING = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})


def opted_out(robots_tags: Iterable[str], tdm_reservation: str, agent: str) -> str:
    """The signal by which a picture's owner says no; empty when there is none.

    Args:
        robots_tags: the values of X-Robots-Tag; `bot: directives` speaks to that bot alone.
        tdm_reservation: the value of TDM-Reservation, `1` when rights are reserved.
        agent: our name in robots.txt.
    """
    if tdm_reservation.strip() == "1":
        return "tdm-reservation"
    for tag in robots_tags:
        for_us = True
        for part in tag.lower().split(","):
            name, colon, rest = part.strip().partition(":")
            if colon and name.strip() not in WITH_VALUE:
                for_us = name.strip() in ("*", agent.lower())
                name = rest
            if for_us and name.strip() in FORBIDDING:
                return name.strip()
    return ""
