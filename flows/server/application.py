"""Prefect's server, which answers to the names of this machine alone: uvicorn loads it by name."""

from prefect.server.api.server import create_app
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from flows.server.key import LOCAL


def application() -> ASGIApp:
    """The server; another site's page cannot reach it by letting its own name point here (DNS rebinding)."""
    return TrustedHostMiddleware(create_app(), allowed_hosts=LOCAL, www_redirect=False)
