"""Answers requests on loopback until told to stop, and closes connections that wait too long."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from fashion_pggan.loopback import without_malformed

FIRST_S = 10.0  # seconds that the first request of a connection may take to come
IDLE_S = 75.0  # seconds that a later one may
STOP_S = 2.0  # seconds that running answers may take at the end


@asynccontextmanager
async def answering(application: web.Application, first_s: float = FIRST_S) -> AsyncIterator[web.AppRunner]:
    """A runner for the sites of an application; everything ends with the block.

    Args:
        application: what answers.
        first_s: seconds that the first request of a connection may take to come.
    """
    logging.getLogger("aiohttp.server").addFilter(without_malformed)
    runner = web.AppRunner(
        application,
        access_log=None,
        handler_cancellation=True,
        keepalive_timeout=IDLE_S,
        shutdown_timeout=STOP_S,
    )
    await runner.setup()
    closing = asyncio.create_task(_close_slow(runner, first_s))
    try:
        yield runner
    finally:
        closing.cancel()
        await runner.cleanup()


async def told_to_stop() -> None:
    """Return once SIGTERM or Ctrl-C comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _close_slow(runner: web.AppRunner, first_s: float) -> None:
    """Close connections whose first request is late: aiohttp limits only the next ones."""
    waiting: dict[Any, float] = {}  # since when
    while runner.server:
        now = time.monotonic()
        silent = [each for each in runner.server.connections if not each._request_count]  # noqa: SLF001  # aiohttp tells it nowhere else
        waiting = {each: waiting.get(each, now) for each in silent}
        for each, since in waiting.items():
            if now - since > first_s:
                each.force_close()
        await asyncio.sleep(first_s / 10)
