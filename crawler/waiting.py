"""Images that are asked for and not done with yet: how many at once, and when there are none."""

import asyncio
from collections import deque
from typing import Any

LATER = 16  # images that are not done with, for each that has a place


class Waiting:
    """A bounded room of images; one that is to be asked for later gives its place to others meanwhile.

    Args:
        most: images in it; more wait before they are asked for.

    Those for later are bounded too: where a host makes all its images wait, the search must not run ahead.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked = 0  # places that are taken
        self.unfinished = 0  # images that entered and did not leave, those for later too
        self.due: deque[tuple[Any, Any]] = deque()  # that may be asked for again as soon as there is room
        self.room, self.empty = asyncio.Event(), asyncio.Event()
        self.empty.set()

    async def enter(self) -> None:
        """Wait for room, then take a place."""
        while self.asked >= self.most or self.unfinished >= LATER * self.most:
            self.room.clear()
            await self.room.wait()
        self.asked += 1
        self.unfinished += 1
        self.empty.clear()

    def leave(self) -> None:
        """Give the place back: the image is stored, or lost."""
        self.unfinished -= 1
        self._make_room()
        if not self.unfinished:
            self.empty.set()

    def later(self, seconds: float, engine: Any, request: Any) -> None:
        """Ask again after a pause."""
        self._make_room()
        asyncio.get_running_loop().call_later(seconds, self._is_due, engine, request)

    def _is_due(self, engine: Any, request: Any) -> None:
        if self.asked < self.most:
            self.asked += 1
            _ask(engine, request)
        else:
            self.due.append((engine, request))

    def _make_room(self) -> None:
        if self.due:
            _ask(*self.due.popleft())  # which takes the place
        else:
            self.asked -= 1
        self.room.set()


def _ask(engine: Any, request: Any) -> None:
    if engine.spider is not None:  # else the crawl was stopped meanwhile
        engine.crawl(request)
