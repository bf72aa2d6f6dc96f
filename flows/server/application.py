"""Prefect's server, limited to the names of this machine; uvicorn loads it by name."""

from prefect.server.api.server import create_app
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from flows.server.key import LOCAL


def application() -> ASGIApp:
    """The server; a page of another site cannot reach it by DNS rebinding (pointing its own name here)."""
    return TrustedHostMiddleware(create_app(), allowed_hosts=LOCAL, www_redirect=False)
