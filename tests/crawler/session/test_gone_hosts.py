"""Lists of which most hosts are gone for good: the rest becomes a dataset."""

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crawler.network.handler import ImageHandler
from fashion_pggan.errors import PassingError
from tests.crawler.kept import raw

GETADDRINFO = socket.getaddrinfo
Crawl = Callable[..., dict[str, Any]]


def crawled(shop: Any, crawl: Crawl, tmp_path: Path, gone: list[str]) -> dict[str, Any]:
    links = [f"{shop.address}/p/{i}.jpg" for i in range(10)] + gone
    (tmp_path / "list.txt").write_text("\n".join(links))
    return crawl(provider="urls", url_list=str(tmp_path / "list.txt"), contact="a@b.org", retries=0)


def _known(host: str, *arguments: Any, **options: Any) -> Any:
    """The addresses of a host on this machine; there are no others."""
    if host != "127.0.0.1":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return GETADDRINFO(host, *arguments, **options)


@pytest.mark.parametrize("kind", ["no name", "refused"])
def test_hosts_that_cannot_be_reached_are_counted_in_the_second_run(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]  # nobody listens once it is closed
    allowed = frozenset({shop.address.removeprefix("http://"), f"127.0.0.1:{port}"})
    monkeypatch.setattr(ImageHandler, "_private", lambda self: allowed)
    monkeypatch.setattr(socket, "getaddrinfo", _known)  # no name server is asked
    hosts = {"no name": "https://shop{0}.invalid/{0}.jpg", "refused": f"https://127.0.0.1:{port}/{{0}}.jpg"}
    gone = [hosts[kind].format(i) for i in range(20)]
    with pytest.raises(PassingError, match=r"20 of 30 images could not be fetched now \(UNREACHABLE 20\)"):
        crawled(shop, crawl, tmp_path, gone)
    assert crawled(shop, crawl, tmp_path, gone)["failed"] == {"UNREACHABLE": 20}
    assert len(raw(tmp_path)) == 10
