"""Which requests a server on loopback answers. Every page in the user's browser can send it some."""

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from fashion_pggan.errors import ArgumentError

NAME = "localhost"
READING = frozenset({"GET", "HEAD", "OPTIONS"})  # methods that change nothing
TOLD = 80  # characters of a foreign name that are told again


def check_loopback(host: str) -> None:
    """Raise an ArgumentError unless `host` is an address of this machine alone."""
    if host != NAME and not _is_address(host, loopback=True):
        raise ArgumentError(
            f"--host {host}: the shop serves this machine alone: give 127.0.0.1, or leave it out"
        )


def refusal(method: str, headers: Mapping[str, str], names: Collection[str] = ()) -> str:
    """Why a request is not answered; empty when it is.

    A page whose own name was made to point here (DNS rebinding) asks under that name. So a request may use an
    IP address, which nobody can point elsewhere, localhost and names below it, which browsers keep here, and
    `names`. A page of another origin may read nothing, but could send what changes something.

    Args:
        method: of the request.
        headers: of the request.
        names: further host names that the server has.
    """
    host = _name_of("//" + headers.get("Host", ""))
    if not (host in names or host == NAME or host.endswith(f".{NAME}") or _is_address(host)):
        return f"this server does not answer to the name {host[:TOLD]!r}: ask 127.0.0.1"
    origin = headers.get("Origin")
    if method not in READING and origin is not None and _place_of(origin) != headers.get("Host"):
        return f"a page of {origin[:TOLD]!r} may change nothing here"
    return ""


def _name_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
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
