"""Concurrent libcurl transfers on one asyncio event loop, with connections kept for reuse."""

import asyncio
import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pycurl

READ_BYTES = 1 << 18  # of one read
NO_ANSWER = (
    pycurl.E_FTP_WEIRD_SERVER_REPLY,
    pycurl.E_UNSUPPORTED_PROTOCOL,
)  # the answer is odd


class Transfers:
    """Runs easy handles; one per event loop.

    Args:
        connections: how many stay open for further requests.
    """

    def __init__(self, connections: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self.multi.setopt(pycurl.M_MAXCONNECTS, connections)
        self.timer: asyncio.TimerHandle | None = None
        self.running: dict[Any, asyncio.Future[int]] = {}
        self.idle: list[Any] = []  # handles for reuse
        self.kept: dict[int, int] = {}  # sockets on which a transfer has ended, with their inodes
        self.watched: dict[int, int] = {}  # sockets of running transfers, with what they are watched for
        self.added = False  # a handle that has not started may take a kept socket

    def handle(self) -> Any:
        """An easy handle without options."""
        return self.idle.pop() if self.idle else pycurl.Curl()

    async def perform(self, easy: Any) -> int:
        """Run a transfer to its end; returns libcurl's error code, 0 for none.

        Bytes that a server sends before a request are not its answer: the transfer closes a connection that
        has received some. Bytes that come later look like the answer, unless they are not HTTP; then the
        transfer repeats the request on a new connection. Cancellation closes the transfer's connection.
        """
        code = await self._run(easy)
        if code in NO_ANSWER and not easy.getinfo(pycurl.NUM_CONNECTS):
            easy.setopt(pycurl.FRESH_CONNECT, 1)
            code = await self._run(easy)
        return code

    async def connect(self, easy: Any) -> tuple[int, socket.socket | None]:
        """Run a transfer with CONNECT_ONLY; returns libcurl's error code, and the connection or None."""
        connections: list[socket.socket] = []

        def keep() -> None:  # libcurl closes its own when the transfer is removed
            connections.append(socket.socket(fileno=os.dup(easy.getinfo(pycurl.ACTIVESOCKET))))

        code = await self._run(easy, keep)
        return code, connections[0] if connections else None

    async def _run(self, easy: Any, connected: Callable[[], None] | None = None) -> int:
        ended = self.running[easy] = self.loop.create_future()
        self.multi.add_handle(easy)
        self.added = True
        try:
            code = int(await ended)
            if connected and not code:
                connected()
            return code
        finally:
            self.running.pop(easy, None)
            self.multi.remove_handle(easy)

    def give_back(self, easy: Any) -> None:
        """Take back a handle whose results have been read."""
        easy.reset()
        self.idle.append(easy)

    def close(self) -> None:
        """Close all connections; no transfer may be running."""
        if self.timer:
            self.timer.cancel()
        for easy in self.idle:
            easy.close()
        self.multi.close()

    def _watch(self, event: int, number: int, multi: Any, data: Any) -> None:
        """Make the event loop watch a socket as libcurl asks."""
        before = self.watched.pop(number, pycurl.POLL_NONE)
        if event == pycurl.POLL_REMOVE:
            event = pycurl.POLL_NONE
        else:
            self.watched[number] = event
        begun, ended = event & ~before, before & ~event
        if begun & pycurl.POLL_IN:
            self.loop.add_reader(number, self._act, number, pycurl.CSELECT_IN)
        elif ended & pycurl.POLL_IN:
            self.loop.remove_reader(number)
        if begun & pycurl.POLL_OUT:
            self.loop.add_writer(number, self._act, number, pycurl.CSELECT_OUT)
        elif ended & pycurl.POLL_OUT:
            self.loop.remove_writer(number)

    def _set_timer(self, milliseconds: int) -> None:
        if self.timer:
            self.timer.cancel()
        self.timer = None
        if milliseconds >= 0:  # -1: no timer
            self.timer = self.loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, number: int, ready: int) -> None:
        """Let libcurl proceed, then end the transfers that it reports as ended."""
        if self.added:
            self.added = False
            self._shut_unasked()
            self.multi.socket_action(
                pycurl.SOCKET_TIMEOUT, 0
            )  # added transfers begin now, before a connection that ends below is kept
        self.multi.socket_action(number, ready)
        while True:
            waiting, done, failed = self.multi.info_read()
            for easy in done:
                self._end(easy, pycurl.E_OK)
            for easy, code, _ in failed:
                self._end(easy, code)
            if not waiting:
                return

    def _end(self, easy: Any, code: int) -> None:
        ended = self.running.pop(easy, None)
        connection = easy.getinfo(pycurl.ACTIVESOCKET)
        if connection >= 0:  # open
            self.kept[connection] = os.fstat(connection).st_ino
        if ended and not ended.done():
            ended.set_result(code)

    def _shut_unasked(self) -> None:
        """Shut kept connections that have received bytes: libcurl would read them as the next answer."""
        poll = select.poll()
        for number in self.kept.keys() - self.watched.keys():
            poll.register(number, select.POLLIN)
        for number, _ in poll.poll(0):
            inode = self.kept.pop(number)
            with suppress(OSError):
                if os.fstat(number).st_ino == inode:  # otherwise the number was closed and perhaps reused
                    _shut(number)


def _shut(number: int) -> None:
    """Shut a connection and drop what it has received."""
    connection = socket.socket(fileno=number)
    try:
        connection.shutdown(socket.SHUT_RDWR)
        while connection.recv(READ_BYTES):
            pass
    finally:
        connection.detach()
