"""Connections that are kept for the next request."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import pycurl
import pytest

from crawler.network.transfers import Transfers

ANNOUNCED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage"


@pytest.mark.parametrize("late_s", [0.0, 0.05])
@pytest.mark.parametrize("unasked", [b"and more", ANNOUNCED.replace(b"image", b"other")])
def test_what_comes_on_a_waiting_connection_is_not_the_next_answer(late_s: float, unasked: bytes) -> None:
    """The server answers each request once with its number, and then says more than it was asked for."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for number in range(1, 9):
                if not connection.recv(65536):
                    return
                connection.sendall(ANNOUNCED.replace(b"image", b"no. %d" % number))
                if number == 2:
                    time.sleep(late_s)
                    connection.sendall(unasked)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=[listener.accept()[0]]).start()

    async def ask() -> list[bytes]:
        transfers = Transfers(4)
        answers = []
        for _ in range(6):
            easy, parts = transfers.handle(), list[bytes]()
            easy.setopt(pycurl.URL, f"http://127.0.0.1:{listener.getsockname()[1]}/")
            easy.setopt(pycurl.WRITEFUNCTION, parts.append)
            assert await transfers.perform(easy) == 0
            transfers.give_back(easy)
            answers.append(b"".join(parts))
            await asyncio.sleep(0.1)
        transfers.close()
        return answers

    server = threading.Thread(target=serve)
    server.start()
    try:
        assert asyncio.run(ask()) == [b"no. 1", b"no. 2"] * 3
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join(10)
