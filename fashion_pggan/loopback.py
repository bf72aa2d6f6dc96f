"""Servers on loopback: their port, and which requests they answer; any page in a browser can send some."""

import ipaddress
import logging
import socket
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from fashion_pggan.errors import ArgumentError
from fashion_pggan.storage.bounded.urls import host_in

NAME = "localhost"
READING = frozenset({"GET", "HEAD", "OPTIONS"})  # methods that change nothing
HEADERS = {  # of every answer: no page of another site shows it, frames it or takes it for a script
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TOLD = 80  # characters of a foreign name that an error repeats


def free_port() -> int:
    """A port of this machine at which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def check_loopback(host: str) -> None:
    """Raise an ArgumentError unless `host` is a loopback address."""
    if host != NAME and not _is_address(host, loopback=True):
        raise ArgumentError(
            f"--host {host}: the shop serves this machine alone: give 127.0.0.1, or leave it out"
        )


def refusal(method: str, headers: Mapping[str, str], names: Collection[str] = ()) -> str:
    """Why a request is refused; empty when it is not.

    With DNS rebinding, a page makes its own name point here and sends requests to that name. So a request may
    name only an IP address, localhost and names below it (browsers keep these here), or one of `names`. A
    page of another origin cannot read answers, but it could send requests that change something.

    Args:
        method: of the request.
        headers: of the request.
        names: further host names that the server has.
    """
    host = host_in("//" + headers.get("Host", ""))
    if not (host in names or host == NAME or host.endswith(f".{NAME}") or _is_address(host)):
        return f"this server does not answer to the name {host[:TOLD]!r}: ask 127.0.0.1"
    origin = headers.get("Origin")
    if method not in READING and origin is not None and _place_of(origin) != headers.get("Host"):
        return f"a page of {origin[:TOLD]!r} may change nothing here"
    return ""


def _place_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _is_address(host: str, *, loopback: bool = False) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or not loopback


def without_malformed(record: logging.LogRecord) -> bool:
    """Whether aiohttp shall log a record: a stranger's malformed request is no fault of the program."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or kind.__module__ != "aiohttp.http_exceptions"
