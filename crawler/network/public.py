"""Limits the crawl's connections to public addresses, whatever a link, a redirect or DNS says."""

import ipaddress
import socket
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import pycurl

from crawler.answer.failures import RefusedError

NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # IETF protocols; a cloud's metadata
            "168.63.129.16/32",  # a cloud's metadata
            "192.88.99.0/24",  # relays of 6to4
            "::/96",  # an IPv4 address within IPv6, in the old form
            "::ffff:0:0:0/96",  # and translated, by RFC 2765
            "fec0::/10",  # once site-local
            "64:ff9b:1::/48",  # NAT64 of a local network
        ),
    )
)
LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")  # RFC 6761, 6762, 8375; ICANN's .internal


def check_address(url: str, private: frozenset[str]) -> None:
    """Refuse a URL that is not http or https, or whose host is of this machine or its network.

    Raises:
        RefusedError: the URL is refused.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RefusedError("BAD_ADDRESS", f"{url[:200]} is not an http or https URL")
    _check_site(f"{parts.scheme}://{parts.netloc}", private)


@lru_cache(1024)  # sites; many images are of one. What raises is not kept
def _check_site(site: str, private: frozenset[str]) -> None:
    host = _host_of(site)
    # the gateway checks the addresses of a name, but a proxy resolves names itself
    public = is_public(host) if _is_number(host) else not _is_local(host)
    if not public and named_port_of(site) not in private:
        raise RefusedError("PRIVATE_ADDRESS", f"{host[:200]} is a private address")


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
    return number.is_global and not number.is_multicast and not any(number in each for each in NOT_PUBLIC)


class Gateway:
    """Opens the sockets of one request, to public addresses only.

    libcurl connects to exactly the address that it passes here. So a name cannot resolve to another address
    in between, and no spelling of a URL avoids this check.

    Args:
        named: host and port of the URL.
        private: private hosts, with port, that may be requested.
    """

    def __init__(self, named: str, private: frozenset[str]) -> None:
        self.named = named
        self.may_be_private = named in private
        self.refused: RefusedError | None = None

    def open(self, purpose: int, address: Any) -> int:
        """A socket for an address (family, socktype, protocol, addr), or libcurl's SOCKET_BAD."""
        host, port = address.addr[:2]
        if not is_public(host) and not (self.may_be_private and self.named.endswith(f":{port}")):
            self.refused = RefusedError("PRIVATE_ADDRESS", f"{self.named} has a private address, {host}")
            return int(pycurl.SOCKET_BAD)
        self.refused = None  # another address of the name is public
        return socket.socket(address.family, address.socktype, address.protocol).detach()


def named_port_of(url: str) -> str:
    """Host and port of a URL, as `example.org:443`."""
    return f"{_host_of(url)}:{_port_of(url)}"


def _behind_nat64(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    in_range = number in ipaddress.IPv6Network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF) if in_range else None


def _host_of(url: str) -> str:
    """The host of a URL; an IPv4 address in any spelling (127.1, 0x7f.1) becomes the usual one."""
    host = urlsplit(url).hostname or ""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return host


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_local(name: str) -> bool:
    """Whether a host name means this machine or its network, whoever resolves it."""
    name = name.rstrip(".")
    return "." not in name or name.endswith(LOCAL_NAMES)


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme, 1080)  # of a SOCKS proxy
    return usual if parts.port is None else parts.port
