"""Pending requests: images that are requested and neither stored nor given up yet."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

POSTPONED = 16  # pending images for each slot


class PendingRequests:
    """Bounds how many images are pending; a postponed image gives its slot to others.

    Args:
        slots: images that are requested at once; `enter` waits for a free slot.

    The number of postponed images is bounded too. Otherwise the search would run ahead while a slow host
    postpones all of its images.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.taken = 0  # slots
        self.pending = 0  # images that entered and did not leave, postponed ones included
        self.due: deque[tuple[Any, Any]] = deque()  # postponed requests that wait for a slot
        self.changed, self.empty = asyncio.Event(), asyncio.Event()
        self.empty.set()

    async def enter(self) -> None:
        """Wait for a free slot, then take it."""
        while self.taken >= self.slots or self.pending >= POSTPONED * self.slots:
            self.changed.clear()
            await self.changed.wait()
        self.taken += 1
        self.pending += 1
        self.empty.clear()

    def leave(self) -> None:
        """Free the slot of an image that is stored or given up."""
        self.pending -= 1
        self._free_slot()
        if not self.pending:
            self.empty.set()

    def postpone(
        self, call_when_due: Callable[[Callable[[], None]], object], engine: Any, request: Any
    ) -> None:
        """Free the slot of an image and request it again when it is due."""
        self._free_slot()
        call_when_due(partial(self._is_due, engine, request))

    def _is_due(self, engine: Any, request: Any) -> None:
        if self.taken < self.slots:
            self.taken += 1
            _send(engine, request)
        else:
            self.due.append((engine, request))

    def _free_slot(self) -> None:
        if self.due:
            _send(*self.due.popleft())  # takes the slot over
        else:
            self.taken -= 1
        self.changed.set()


def _send(engine: Any, request: Any) -> None:
    if engine.spider is not None:  # otherwise the crawl was stopped during the pause
        engine.crawl(request)
