"""A local server closes connections whose first request does not come."""

import asyncio

from aiohttp import ClientSession, web

from fashion_pggan.answering import answering

FIRST_S = 0.05


async def slow(request: web.Request) -> web.Response:
    await asyncio.sleep(4 * FIRST_S)
    return web.Response(text="late")


async def closed(port: int, begun: bytes) -> bytes:
    """What a connection gets that begins a request and never ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    answer = await reader.read()
    writer.close()
    return answer


async def tried() -> tuple[list[bytes], str]:
    application = web.Application()
    application.router.add_get("/", slow)
    async with answering(application, FIRST_S) as runner:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
            text = await answer.text()
        begun = (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        return await asyncio.gather(*(closed(port, each) for each in begun)), text


def test_a_request_that_never_ends_is_closed_and_a_slow_answer_is_not() -> None:
    assert asyncio.run(tried()) == ([b"", b""], "late")
