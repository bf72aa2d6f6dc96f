"""A proxy for https that knows a few names, and leads each to a port of this machine."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

HEAD_S = 10.0  # seconds that a request to the proxy may take to come
PIECE = 1 << 16  # bytes


@asynccontextmanager
async def proxy_to(ports: Mapping[str, int]) -> AsyncIterator[str]:
    """Run a proxy on loopback.

    Args:
        ports: of the sites, by name; requests for others are refused.

    Yields:
        Its URL.
    """
    async with await asyncio.start_server(partial(_serve, ports), "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _serve(
    ports: Mapping[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    port = ports.get(await _name_in(reader))
    try:
        if port is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        from_site, to_site = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_carry(reader, to_site), _carry(from_site, writer))
    finally:
        writer.close()


async def _name_in(reader: asyncio.StreamReader) -> str:
    """The host of `CONNECT host:port`; empty for any other request."""
    with suppress(ValueError, OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_S)
        method, target, _ = head.decode("latin-1").split(" ", 2)
        return target.rpartition(":")[0] if method == "CONNECT" else ""
    return ""


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, until one side ends; then the other side ends too."""
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
