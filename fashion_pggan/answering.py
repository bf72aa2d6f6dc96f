"""Answers requests on loopback until told to stop, guards pages, closes connections that wait too long."""

import asyncio
import errno
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from fashion_pggan import loopback
from fashion_pggan.errors import UserError
from fashion_pggan.loopback import without_malformed

LOOPBACK = "127.0.0.1"
PAGE_HEADERS = {  # a page runs and shows what this server gave it, and nothing else
    **loopback.HEADERS,
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

FIRST_S = 10.0  # seconds that the first request of a connection may take to come
IDLE_S = 75.0  # seconds that a later one may
THREADS = 2  # requests computed at once
STOP_S = 2.0  # seconds that running answers may take at the end

log = logging.getLogger(__name__)

T = TypeVar("T")


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


def serve(application: web.Application, port: int, name: str, fragment: str = "") -> None:
    """Serve a page on this machine until interrupted, and say where.

    Args:
        application: what answers.
        port: 0: a free one.
        name: of the page, for the log.
        fragment: end of its address, which no request repeats.

    Raises:
        UserError: the port is in use.
    """
    try:
        with socket.create_server((LOOPBACK, port)) as listening:
            address = f"http://{LOOPBACK}:{listening.getsockname()[1]}/{fragment}"
            log.info("%s: %s (Ctrl-C ends it)", name, address)
            asyncio.run(_serve(application, listening))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UserError(f"port {port} is in use: end what uses it, or give another --port") from error


class PageAnswers:
    """Answers requests for a page's files; what takes longer is computed in threads.

    Args:
        package: that holds the files.
        pages: the name and the type of each file, by its path in addresses.
    """

    def __init__(self, package: str, pages: Mapping[str, tuple[str, str]]) -> None:
        folder = files(package)
        self._pages = {
            path: (folder.joinpath(name).read_bytes(), kind) for path, (name, kind) in pages.items()
        }
        self._pool = ThreadPoolExecutor(THREADS, package)

    async def page(self, request: web.Request) -> web.Response:
        """A file of the page."""
        body, kind = self._pages[request.path]
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def close(self, app: web.Application) -> None:
        """Drop what waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def compute(self, work: Callable[..., T], *arguments: object) -> T:
        """Do some work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*arguments))


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests from pages of other sites, and answer a failure with its reason."""
    if why := loopback.refusal(request.method, request.headers):
        return _refused(403, why)
    try:
        answer = await handler(request)
    except UserError as error:
        return _refused(400, str(error))
    except web.HTTPException as error:
        return _refused(error.status, error.reason)
    except Exception:
        log.exception("%s %s", request.method, request.path)
        return _refused(500, "the program failed: see the terminal that it runs in")
    answer.headers.update(PAGE_HEADERS)
    return answer


def _refused(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=PAGE_HEADERS)


async def _serve(application: web.Application, listening: socket.socket) -> None:
    async with answering(application) as runner:
        await web.SockSite(runner, listening).start()
        await told_to_stop()


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
