"""Pictures that are asked for and not done with yet: how many at once, and when there are none."""

import asyncio
from typing import Any


class Waiting:
    """A bounded room of pictures.

    Args:
        most: pictures in it; more wait before they are asked for.
    """

    def __init__(self, most: int) -> None:
        self.room = asyncio.Semaphore(most)
        self.empty = asyncio.Event()
        self.empty.set()
        self.inside = 0

    async def enter(self) -> None:
        """Wait for room, then take a place."""
        await self.room.acquire()
        self.inside += 1
        self.empty.clear()

    def leave(self) -> None:
        """Give the place back: the picture is stored, or lost."""
        self.room.release()
        self.inside -= 1
        if not self.inside:
            self.empty.set()

    @staticmethod
    def later(seconds: float, engine: Any, request: Any) -> None:
        """Ask again after a pause; the picture stays inside meanwhile."""

        def ask() -> None:
            if engine.spider is not None:  # else the crawl was stopped meanwhile
                engine.crawl(request)

        asyncio.get_running_loop().call_later(seconds, ask)
