"""Private addresses, which links and redirects may not reach."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pycurl
import pytest
from aiohttp import web

from crawler.answer.failures import RefusedError
from crawler.network.public import Gateway, check_address, is_public

Crawl = Callable[..., dict[str, Any]]
PRIVATE = (
    "127.0.0.1", "127.0.0.2", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254", "nothing", "192.0.0.192", "168.63.129.16",
    "192.88.99.1", "::127.0.0.1", "::ffff:0:7f00:1", "::ffff:0:10.0.0.1", "::ffff:0:a9fe:a9fe",
    "fec0::1", "64:ff9b:1::8.8.8.8", "64:ff9b::a9fe:a9fe", "64:ff9b:2::1", "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:7f00:1",
    "::ffff:169.254.169.254%eth0", "3fff::1", "5f00::1", "4000::1", "100::1", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_of_the_internet_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "2a00:1450::5efe:8.8.8.8", "2002:808:808::1"],
)
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.org/x",
        "data:,x",
        "http:///x",
        "gopher://a",
        "http://[::1]/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://router.home.arpa/",
        "http://intranet/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://127%2e0.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://LOCALHOST%2e/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://[::ffff:7f00:1%25eth0]/",
        "http://[fe80::1%25lo]/",
        "http://127.0.0.1\\@8.8.8.8/",
        "http://a%00.example.org/",
        "http://nas.lan/",
        "http://kubernetes.default.svc/",
    ],
)
def test_what_is_no_public_web_address_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        check_address(url, frozenset())


def test_only_the_port_that_was_named_may_be_private() -> None:
    check_address("http://127.0.0.1:8000/a", frozenset({"127.0.0.1:8000"}))
    with pytest.raises(RefusedError):
        check_address("http://127.0.0.1:8001/a", frozenset({"127.0.0.1:8000"}))


class _Address(NamedTuple):
    family: int
    socktype: int
    protocol: int
    addr: tuple[Any, ...]


def test_a_socket_is_opened_to_public_addresses_and_to_the_named_port_alone() -> None:
    def opened(gateway: Gateway, host: str, port: int) -> bool:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        number = gateway.open(0, _Address(family, socket.SOCK_STREAM, 6, (host, port)))
        if number != pycurl.SOCKET_BAD:
            os.close(number)
        return number != pycurl.SOCKET_BAD

    strict, named = Gateway("a.org:80", frozenset()), Gateway("shop:8000", frozenset({"shop:8000"}))
    assert [opened(strict, host, 80) for host in ("8.8.8.8", "10.0.0.1", "::1")] == [True, False, False]
    assert strict.refused
    assert strict.refused.reason == "PRIVATE_ADDRESS"
    assert opened(strict, "8.8.8.8", 80)
    assert strict.refused is None
    assert [opened(named, "127.0.0.1", port) for port in (8000, 8001, 18000)] == [True, False, False]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "PRIVATE_ADDRESS"),
        ("http://127.0.0.2/", "PRIVATE_ADDRESS"),
        ("http://localhost:{port}/p/1.jpg", "PRIVATE_ADDRESS"),
        ("http://[::1]:{port}/p/1.jpg", "PRIVATE_ADDRESS"),
        ("//127.0.0.1:1/p/1.jpg", "PRIVATE_ADDRESS"),
    ],
)
def test_a_redirect_to_a_private_address_is_refused(
    shop: Any, crawl: Crawl, target: str, reason: str
) -> None:
    location = target.format(port=shop.address.rpartition(":")[2])
    shop.faults["/p/away"] = lambda request: web.Response(status=302, headers={"Location": location})
    assert crawl()["failed"] == {reason: 1}
    assert shop.requests["/p/1.jpg"] == 1


def test_a_link_to_a_private_address_is_refused(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    links = tmp_path / "links.txt"
    addresses = ["http://10.0.0.1/a.jpg", "http://localhost:9/b.jpg", "file:///etc/passwd"]
    links.write_text("\n".join([f"{shop.address}/p/1.jpg", *addresses]))
    figures = crawl(provider="urls", url_list=str(links), contact="mail@example.org")
    assert (figures["failed"], figures["left_out"]) == ({"PRIVATE_ADDRESS": 2}, {"BAD_ADDRESS": 1})
    assert (figures["images"], figures["calls"], figures["provider"]) == (1, 0, "urls")
