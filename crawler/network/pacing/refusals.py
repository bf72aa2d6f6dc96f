"""How fast a host is asked: half as fast when it refuses (429, 503), then faster step by step. Pure."""

import math
from collections import deque

from crawler.network.pacing.pauses import pause_before

WINDOW = 20  # answers that are looked at
MOST_REFUSED = 3  # of them; more are a matter of pace, fewer may be the images' own
FASTEST = 1000.0  # requests a second from which a pace is none
SLOWEST = 1 / 60  # requests a second
SMALLEST_STEP = 0.2  # requests a second, in a second


class Pace:
    """The pace of one host: additive increase, multiplicative decrease. It begins without a limit."""

    def __init__(self) -> None:
        self.rate = math.inf  # requests a second
        self.delay_s = 0.0  # between two requests, at least
        self.step = 0.0  # by which the rate grows in a second of answers
        self.next_at = 0.0  # when the next request may go; seconds of the monotonic clock
        self.slowed_at = 0.0
        self.slowed_in_a_row = 0  # without an answer in between
        self.answered_at = 0.0
        self.answers: deque[tuple[float, bool]] = deque(maxlen=WINDOW)  # when, and whether it was one

    def take(self, now: float) -> None:
        """Take a turn."""
        self.next_at = now + max(1 / self.rate, self.delay_s)

    def answered(self, now: float) -> None:
        """Note an answer that is no refusal."""
        self.rate += self.step * min(now - self.answered_at, 1.0)
        if self.rate > FASTEST:
            self.rate = math.inf
        self.answered_at, self.slowed_in_a_row = now, 0
        self.answers.append((now, True))

    def refused(self, now: float, sent_at: float) -> bool:
        """Note a refusal of a request sent at `sent_at`; returns whether the host refuses more than a few.

        What was sent before the pace was last lowered does not lower it again.
        """
        if sent_at <= self.slowed_at:
            return True
        self.answers.append((now, False))
        if sum(not well for _, well in self.answers) <= MOST_REFUSED:
            return False
        self._slow_down(now)
        return True

    def _slow_down(self, now: float) -> None:
        well = [at for at, was in self.answers if was]
        seen = len(well) / max(now - self.answers[0][0], 1.0) if well else 1.0  # answers a second
        self.rate = max((seen if math.isinf(self.rate) else self.rate) / 2, SLOWEST)
        self.step = max(self.rate / 5, SMALLEST_STEP)
        self.slowed_in_a_row += 1
        self.slowed_at = now
        self.next_at = now + pause_before(self.slowed_in_a_row)
        self.answers.clear()
