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

Crawl = Callable[..., dict[str, Any]]


def crawled(shop: Any, crawl: Crawl, tmp_path: Path, gone: list[str]) -> dict[str, Any]:
    links = [f"{shop.address}/p/{i}.jpg" for i in range(10)] + gone
    (tmp_path / "list.txt").write_text("\n".join(links))
    return crawl(provider="urls", url_list=str(tmp_path / "list.txt"), contact="a@b.org", retries=0)


@pytest.mark.parametrize("kind", [pytest.param("no name", marks=pytest.mark.network), "refused"])
def test_hosts_that_cannot_be_reached_are_counted_in_the_second_run(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]  # nobody listens once it is closed
    allowed = frozenset({shop.address.removeprefix("http://"), f"127.0.0.1:{port}"})
    monkeypatch.setattr(ImageHandler, "_private", lambda self: allowed)
    hosts = {
        "no name": "https://shop.invalid/{0}.jpg",  # RFC 2606
        "refused": f"https://127.0.0.1:{port}/{{0}}.jpg",
    }
    gone = [hosts[kind].format(i) for i in range(20)]
    with pytest.raises(PassingError, match=r"20 of 30 images could not be fetched now \("):
        crawled(shop, crawl, tmp_path, gone)
    assert crawled(shop, crawl, tmp_path, gone)["failed"] == {"UNREACHABLE": 20}
    assert len(raw(tmp_path)) == 10
