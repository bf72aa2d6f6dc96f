"""The rules of a robots.txt for this crawl. A hostile one costs little time and memory."""

import re
from typing import Any, Self

from scrapy.robotstxt import ProtegoRobotParser

from crawler.answer.failures import RefusedError
from crawler.answer.unicode_text import unicode_encoding_of

LONGEST_DELAY_S = 60.0  # seconds; a longer Crawl-delay counts as this
MOST_WORK = 2**26  # bytes of rules with wildcards times characters of a URL: tens of milliseconds
MUCH_WORK = 2**22  # some milliseconds
NAMING = re.compile(r"user(?:-|\s+)?agent(?:\s*:|\s|$)(.*)", re.IGNORECASE)
OF_THE_SITE = re.compile(r"(?:sitemaps?|site-map|host)(?:\s*:|\s|$)", re.IGNORECASE)
WITHOUT_COLON = re.compile(r"(?:di|allow|crawl|request|visit)", re.IGNORECASE)  # Protego reads such rules too


class Rules(ProtegoRobotParser):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's parser, with the rules for one robot alone.

    Protego keeps a list of rules for each robot that is named. A file of 36 KB with 1,300 names before as
    many rules took it 23 s.

    Args:
        text: of robots.txt.
        agent: our name in it.
    """

    def __init__(self, text: str, agent: str) -> None:
        kept = rules_for(text, agent)
        self.wild_bytes = sum(len(rule) for rule in kept if "*" in rule)
        super().__init__("\n".join(["User-agent: *", *kept]).encode(), None)

    @classmethod
    def from_crawler(cls, crawler: Any, robotstxt_body: bytes) -> Self:
        """Make the parser; Scrapy calls this."""
        return cls(text_of(robotstxt_body), crawler.settings["ROBOTSTXT_USER_AGENT"])

    @property
    def delay_s(self) -> float:
        """The seconds between two requests that `Crawl-delay` asks for; 0: none."""
        asked = float(self.rp.crawl_delay("*") or 0.0)
        return min(asked, LONGEST_DELAY_S) if asked > 0 else 0.0  # neither below zero nor no number

    def is_slow(self, url: str) -> bool:
        """Whether it takes some milliseconds to judge a URL."""
        return self.wild_bytes * len(url) > MUCH_WORK

    def allowed(self, url: str, user_agent: str) -> bool:
        """Whether the rules allow a URL.

        Raises:
            RefusedError: looking would take too long.
        """
        if self.wild_bytes * len(url) > MOST_WORK:
            raise RefusedError("ROBOTS_UNREADABLE", f"robots.txt has too many wildcards for {url[:200]}")
        return bool(super().allowed(url, user_agent))


def text_of(body: bytes) -> str:
    """The text of a robots.txt: UTF-8, UTF-16 or UTF-32; other bytes are escaped, as in addresses."""
    return body.decode(unicode_encoding_of(body, "agent") or "utf-8", errors="percentencode")


def rules_for(text: str, agent: str) -> list[str]:
    """The lines of a robots.txt that hold for a robot: those of its most specific name, else those of all."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    named = {_name_in(found[1]) for line in lines if (found := NAMING.match(line))}
    own = {name for name in named if name and agent.lower().startswith(name)}
    chosen = max(own, key=len) if own else "*"
    kept, ours, naming = [], False, False
    for line in lines:
        if found := NAMING.match(line):  # names in a row share the rules below them
            ours = _name_in(found[1]) == chosen or (ours and naming)
            naming = True
        elif WITHOUT_COLON.match(line) or (":" in line and not OF_THE_SITE.match(line)):
            naming = False
            if ours:
                kept.append(line)
    return kept


def _name_in(value: str) -> str:
    name = value.strip().lower()
    return name if name == "*" else name.replace("*", "")
