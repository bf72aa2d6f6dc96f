"""Limits the crawl's connections to public addresses, whatever a link, a redirect or DNS says."""

import ipaddress
import re
import socket
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import pycurl

from crawler.answer.failures import RefusedError
from crawler.network.addresses import host_of

NOT_PUBLIC = tuple(  # beside what Python calls so
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocols; a cloud's metadata
        "168.63.129.16/32",  # a cloud's metadata
        "192.88.99.0/24",  # relays of 6to4
        "3fff::/20",  # documents, RFC 9637; Python 3.11 does not know it
    )
)
UNICAST = ipaddress.IPv6Network("2000::/3")  # the only public addresses of IPv6
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # in front of an IPv4 address, in the third quarter; RFC 5214
LOCAL_NAMES = (  # RFC 6761, 6762, 8375; ICANN's .internal; names that nobody owns; Kubernetes
    ".localhost", ".localdomain", ".local", ".internal", ".home.arpa",
    ".home", ".corp", ".lan", ".intranet", ".svc",
)  # fmt: skip
HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+(?:%.*)?")  # a name or an IP address


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
    if not HOST.fullmatch(host) or "\\" in site:  # a proxy may read another host than libcurl
        raise RefusedError("BAD_ADDRESS", f"{site[:200]} has no host that can be asked")
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
        inner = number.ipv4_mapped or number.sixtofour or _last_quarter_of(number)
        if inner is not None:
            number = inner
        elif number not in UNICAST:
            return False
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
    parts = urlsplit(url)
    return _named_port_of(f"{parts.scheme}://{parts.netloc}")


@lru_cache(1024)
def _named_port_of(site: str) -> str:
    return f"{_host_of(site)}:{_port_of(site)}"


def _last_quarter_of(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a relay of NAT64 or ISATAP leads."""
    holds = number in NAT64 or int(number) >> 32 & 0xFFFF_FFFF in ISATAP
    return ipaddress.IPv4Address(int(number) & 0xFFFF_FFFF) if holds else None


def _host_of(url: str) -> str:
    """The host of a URL as it is asked; an IPv4 address (127.1, 0x7f.1) in its usual spelling."""
    host = unquote(urlsplit(url).hostname or "")
    with suppress(ValueError):
        host = host_of(host) or host
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, ValueError):  # no number
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
