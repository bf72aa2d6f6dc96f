"""How each host has answered lately, and the images that wait for their turn at it."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from crawler.network.host_rules import rules_at
from crawler.network.pacing.pages import Pages
from crawler.network.pacing.pauses import LONGEST_PAUSE_S
from crawler.network.pacing.refusals import MOST_REFUSED, Pace

PATIENCE_S, PATIENCE = 60.0, 20  # seconds and failures in a row after which a host is left alone
PROBE_S = 300.0  # before one request probes it again
LAST_SHARE = 1 / 3  # of its patience, for a host that has refused all images which are left
BAD_LUCK = 0.001  # share of a host's images that its random breaks may cost
MOST_BREAKS = 20  # of one image's connections
MOST_PUT_OFF = 10  # images in a row that a host puts off beyond its patience; more, and it means all


class Line:
    """Images that wait for their turn at one host; each turn calls one function.

    Args:
        free_at: when the next turn is, in seconds of the monotonic clock.
        take: takes a turn.
    """

    def __init__(self, free_at: Callable[[], float], take: Callable[[], None]) -> None:
        self.free_at, self.take = free_at, take
        self.waiting: deque[tuple[Callable[[], None], bool]] = deque()
        self.untried = 0  # of these, images that were not asked for yet
        self.timer: asyncio.TimerHandle | None = None

    def append_and_call(self, due: Callable[[], None], *, is_untried: bool = False) -> None:
        """Call `due` when those before it have had their turns."""
        self.waiting.append((due, is_untried))
        self.untried += is_untried
        self._wait()

    def _wait(self) -> None:
        if self.timer is None and self.waiting:
            seconds = max(self.free_at() - time.monotonic(), 0.0)
            self.timer = asyncio.get_running_loop().call_later(min(seconds, 1.0), self._look)

    def _look(self) -> None:
        self.timer = None
        if self.waiting and time.monotonic() >= self.free_at():
            self.take()
            due, was_untried = self.waiting.popleft()
            self.untried -= was_untried
            due()
        self._wait()


class Host:
    """How a host has answered lately.

    Args:
        patience_s: seconds for which a host may refuse everything before it is left alone.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self.pace = Pace()
        self.line = Line(self._free_at, self._take)
        self.resume_at = 0.0  # by the monotonic clock; Retry-After asks for it
        self.put_off = 0  # images since the last good answer, for longer than the patience
        self.served = 0  # good answers so far
        self.broken = 0  # images whose connection broke at the first try
        self.pages = Pages()
        self.bad = 0  # failures since the last good answer
        self.first_bad = self.last_bad = 0.0
        self.refuses = False  # whether those are refusals: too fast, or too busy
        self.probe_at = 0.0  # when one request may probe a host that is left alone

    def answered(self, *, well: bool) -> None:
        """Count an answer or a failure."""
        if well:
            self.served += 1
            self.bad, self.put_off, self.refuses = 0, 0, False
            self.pace.answered(time.monotonic())
            return
        self.last_bad = time.monotonic()
        self.first_bad = self.first_bad if self.bad else self.last_bad
        self.bad += 1
        self.probe_at = self.last_bad + PROBE_S

    def refused(self, sent_at: float, served_before: int | None = None) -> bool:
        """Count a refusal; returns whether it is a matter of pace rather than of one image.

        Args:
            sent_at: when the image was asked for.
            served_before: `served` when the image was last refused; None: it was not. An image that is
                refused again, while others were served, says nothing of the host's pace.
        """
        self.answered(well=False)
        self.refuses = True
        if served_before is not None and self.served > served_before:
            return False
        return self.pace.refused(self.last_bad, sent_at)

    def tries_after_breaks(self) -> int:
        """How often to ask again for an image whose connection breaks, by the share of them that break.

        Few breaks may be of the images: 0.
        """
        share = self.broken / (self.broken + self.pages.images + 1)
        if self.broken <= MOST_REFUSED:
            return 0
        return min(math.ceil(math.log(BAD_LUCK) / math.log(share)), MOST_BREAKS)

    def pause(self, seconds: float) -> None:
        """Ask it for nothing before some seconds are over; 0 changes nothing."""
        if seconds:
            self.resume_at = time.monotonic() + seconds

    def puts_off(self, seconds: float) -> None:
        """Note that it wants one image asked for later than its patience lasts; many in a row are all."""
        self.put_off += 1
        if self.put_off > MOST_PUT_OFF:
            self.pause(seconds)

    def is_given_up(self) -> bool:
        """Whether the host has sent nothing good for too long."""
        if self.refuses and self.served and not self.line.untried:  # it has refused all that is left
            return time.monotonic() - self.first_bad >= self.patience_s * LAST_SHARE
        if self.refuses:
            return self.last_bad - self.first_bad >= self.patience_s
        return self.bad >= PATIENCE and self.last_bad - self.first_bad >= PATIENCE_S

    def may_be_asked(self) -> bool:
        """Whether to send it a request; after many failures over a long time, only one now and then."""
        if not self.is_given_up():
            return True
        if time.monotonic() < self.probe_at:
            return False
        self.probe_at = time.monotonic() + PROBE_S
        return True

    def is_free(self) -> bool:
        """Take the next turn, if nobody waits for it."""
        if self.line.waiting or time.monotonic() < self._free_at():
            return False
        self._take()
        return True

    def _free_at(self) -> float:
        """When the next turn is; at once where an image would wait in vain, so that it is refused."""
        if self.is_given_up() or self.resume_at - time.monotonic() > self.patience_s:
            return 0.0
        return max(self.resume_at, self.pace.next_at)

    def _take(self) -> None:
        self.pace.take(time.monotonic())


def host_at(crawler: Any, url: str) -> Host:
    """What Scrapy's crawler knows of the host of a URL."""
    hosts: dict[str, Host] = crawler.__dict__.setdefault("hosts_asked", {})
    name = urlsplit(url).netloc
    if name not in hosts:
        hosts[name] = Host(crawler.settings.getfloat("CRAWL_PATIENCE_S", LONGEST_PAUSE_S))
        hosts[name].pace.delay_s = rules_at(crawler.settings, url).delay_s
    return hosts[name]
