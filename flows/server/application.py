"""Prefect's server, limited to the names of this machine; uvicorn loads it by name."""

from prefect.server.api.server import create_app
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_pggan.loopback import HEADERS
from flows.server.key import LOCAL


def application() -> ASGIApp:
    """The server; a page of another site cannot reach it by DNS rebinding (pointing its own name here)."""
    return TrustedHostMiddleware(closed(create_app()), allowed_hosts=LOCAL, www_redirect=False)


def closed(app: ASGIApp) -> ASGIApp:
    """The same application, with answers that no page of another site may show or frame."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await app(scope, receive, with_headers)

    return answer
