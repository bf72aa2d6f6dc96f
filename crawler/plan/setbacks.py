"""Search calls that bring nothing: one at which the API fails, or whose answer is not understood."""

import logging
from typing import NamedTuple

from crawler.answer.counts import ODD_ANSWER, Counts
from crawler.answer.plural import many
from crawler.plan.journal import Journal
from crawler.providers.api import SearchCall
from fashion_pggan.errors import UserError

FEW, MANY = 2, 10  # such calls in a row that end a run: while no answer was understood yet, and afterwards

log = logging.getLogger(__name__)


class Setback(NamedTuple):
    """A call that brought nothing."""

    call: SearchCall
    reason: str
    runs: int  # that it brought nothing in, this one included
    said: str  # of an answer that is not understood, for a person
    error: UserError  # that ends the crawl, unless other calls are understood


class Setbacks:
    """Lets a crawl continue with other calls, as long as some of them are understood.

    An answer that is not understood is given up at once, and a call at which the API fails after `tries`
    runs. Before any answer is understood, no call is given up: the API may be down, or may have changed.
    Calls that brought nothing in so many runs do not end a further one, for others may be understood.

    Args:
        journal: remembers the calls that are given up, and in how many runs a call brought nothing.
        counts: names every call that brought nothing.
        tries: runs.
    """

    def __init__(self, journal: Journal, counts: Counts, tries: int) -> None:
        self.journal, self.counts, self.tries = journal, counts, tries
        self.understood = False  # whether an answer was
        self.in_a_row = 0  # of calls that failed in fewer runs than `tries`
        self.waiting: list[Setback] = []  # calls that are neither answered nor given up

    def end(self) -> None:
        """Note an answer that is understood."""
        self.understood, self.in_a_row = True, 0
        self._give_up()

    def add(self, call: SearchCall, url: str, reason: str, said: str, error: UserError) -> None:
        """Note a call that brought nothing.

        Args:
            call: of the search.
            url: of its request, without keys.
            reason: to count it by.
            said: what is wrong with the answer, for a person.
            error: that ends the crawl.

        Raises:
            UserError: the error, after too many such calls in a row.
        """
        runs = self.journal.failed(url, reason)
        self.counts.add_failed_call(call.page, reason)
        self.waiting.append(Setback(call, reason, runs, said, error))
        self._give_up()
        self.in_a_row += runs < self.tries
        if self.in_a_row >= (MANY if self.understood else FEW):
            raise error

    def check(self) -> None:
        """Raise the error of the first call that is neither answered nor given up."""
        if self.waiting:
            raise self.waiting[0].error

    def _give_up(self) -> None:
        """Give up what may be given up, since the API is understood."""
        if not self.understood:
            return
        given_up = [each for each in self.waiting if each.reason == ODD_ANSWER or each.runs >= self.tries]
        self.waiting = [each for each in self.waiting if each not in given_up]
        for call, reason, runs, said, _ in given_up:
            self.journal.answered(call, None, reason)
            log.warning("leaving out %s: %s", call.page, said or f"{many(runs, 'run')} failed at it")
