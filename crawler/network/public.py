"""Where the crawl may connect: public addresses alone, whatever a link, a redirect or a name server says."""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from crawler.network.reasons import RefusedError

Private = Callable[[], frozenset[str]]  # hosts with port that may be asked though they are private


def check_address(url: str, private: frozenset[str]) -> None:
    """Refuse what is not http or https, and a private address that stands in the URL itself.

    Raises:
        RefusedError: it is one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RefusedError("BAD_ADDRESS", f"{url[:200]} is no address of the web")
    if not _is_number(parts.hostname):
        return  # a name: the resolver judges what it stands for
    if not is_public(parts.hostname) and f"{parts.hostname}:{_port_of(url)}" not in private:
        raise RefusedError("PRIVATE_ADDRESS", f"{parts.hostname} is a private address")


def is_public(address: str) -> bool:
    """Whether an IP address is public: not private, loopback, link-local, multicast or for metadata."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour or _behind_nat64(number)
        if inner is not None:
            number = inner
    return number.is_global and not number.is_multicast


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses those that stand for a private address.

    aiohttp connects to what this gives it, so a name cannot change its mind in between.
    """

    def __init__(self, private: Private) -> None:
        self.private = private
        self.resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a host; raises a RefusedError when it has none but others."""
        found = await self.resolver.resolve(host, port, family)
        if f"{host}:{port}" in self.private():
            return found
        public = [answer for answer in found if is_public(answer["host"])]
        if found and not public:
            raise RefusedError("PRIVATE_ADDRESS", f"{host} has a private address, {found[0]['host']}")
        return public

    async def close(self) -> None:
        """Nothing is held."""


def _behind_nat64(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    in_range = number in ipaddress.IPv6Network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF) if in_range else None


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}[parts.scheme]
