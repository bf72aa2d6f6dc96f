"""failed.csv: what failed, by name."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.commands.forget import forget
from crawler.lists.failed import Failed, failed_of, forget_failed, write_failed
from crawler.lists.skipped import Said, Skipped
from crawler.lists.url_list import read_urls
from crawler.network.addresses import canonical_url
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import PassingError
from fashion_pggan.storage.escaped import csv_of

Crawl = Callable[..., dict[str, Any]]


def rows_in(store: Path, name: str = "failed.csv") -> dict[str, dict[str, str]]:
    with (store / name).open(newline="") as file:
        return {row["url"]: row for row in csv.DictReader(file)}


def test_each_address_that_failed_is_named_with_reason_status_tries_and_time(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    answers = {"404": 404, "500": 500, "page": 200}
    for name, status in answers.items():
        shop.faults[f"/p/{name}"] = lambda request, status=status: web.Response(status=status, body=b"<html>")
    links = [
        *(f"{shop.address}/p/{name}" for name in answers),
        f"{shop.address}/p/1.jpg",
        "no address",
        "ftp://a/b",
    ]
    (tmp_path / "list.txt").write_text("\n".join(links))
    for tries in (1, 2):
        crawl(provider="urls", url_list=str(tmp_path / "list.txt"), contact="a@b.org", retries=0)
        rows = rows_in(tmp_path / "store")
        assert [
            (row["reason"], row["status"], row["line"])
            for row in map(rows.get, [*links[:3], *links[4:]])
            if row
        ] == [
            ("HTTP_404", "404", ""),
            ("HTTP_500", "500", ""),
            ("NOT_AN_IMAGE", "", ""),
            ("BAD_ADDRESS", "", "5"),
            ("BAD_ADDRESS", "", "6"),
        ]
        assert rows[links[1]]["tries"] == str(tries)
        assert rows[links[0]]["host"] == shop.address.removeprefix("http://")
        assert all(re.match(r"20\d\d-.*\+00:00", rows[link]["last_tried"]) for link in links[:3])


def test_it_is_written_however_a_crawl_ends_and_tells_of_its_last_crawl(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.faults = {f"/p/{i}.jpg": lambda request: web.Response(status=500) for i in range(20)}
    with pytest.raises(PassingError):
        crawl(retries=0)
    assert len(rows_in(tmp_path / "store")) == 20
    shop.faults.clear()
    crawl()
    assert rows_in(tmp_path / "store") == {}


def test_it_is_a_list_that_can_be_crawled(tmp_path: Path) -> None:
    rows = [
        failed_of("https://a/1.jpg", Said('=cmd|"x",'), "HTTP_404", 2, "2026-11-27T00:00:00+00:00"),
        Failed("no address", "", "BAD_ADDRESS", line="7"),
        failed_of("https://a/2.jpg", Said('a "title'), "TIMEOUT", 1, ""),
    ]
    write_failed(tmp_path / "failed.csv", rows)
    skipped = Skipped(tmp_path / "failed.csv", 1.0)
    found = list(read_urls(tmp_path / "failed.csv", skipped))
    assert [result.link for result in found] == ["https://a/1.jpg", "no address", "https://a/2.jpg"]
    assert [result.title for result in found] == ['=cmd|"x",', "", 'a "title']


@pytest.mark.parametrize("title", ["", "=1", "'=1", "''=1", "-10% sale", "'quoted'", "@me", 'a, "b"', "'"])
@pytest.mark.parametrize("label", ["", "hoodie", "+size"])
def test_what_a_row_says_comes_back_when_the_file_is_a_list(
    shop: Any, crawl: Crawl, tmp_path: Path, title: str, label: str
) -> None:
    shop.faults["/p/0.jpg"] = lambda request: web.Response(status=404)
    said = [title, label, "https://shop.example/item/3", 640, 480]
    links = [f"{shop.address}/p/0.jpg", "ftp://a/b", f"{shop.address}/p/1.jpg"]
    again = tmp_path / "again.csv"
    text = csv_of(("url", "title", "label", "page", "width", "height"), [[link, *said] for link in links])
    again.write_text(text.replace("\n'", "\n").replace(",'", ","))
    before = [result.said for result in read_urls(again, Skipped(again, 1.0))]
    for _ in range(2):
        crawl(provider="urls", url_list=str(again), contact="a@b.org", max_products=3)
        again.write_bytes((tmp_path / "store/failed.csv").read_bytes() + f"{links[2]},x\n".encode())
        found = list(read_urls(again, Skipped(again, 1.0)))
        assert [result.link for result in found[:2]] == links[:2]
        assert [result.said for result in found[:2]] == before[:2]


@pytest.mark.parametrize(
    ("link", "named"),
    [
        ("http://a/%ec%83%81.jpg?sig=1%2f2", "http://a/%ec%83%81.jpg?sig=1%2f2"),
        ("http://a/[1].jpg?type=w966#top", "http://a/[1].jpg?type=w966"),
        ("https://postfiles.pstatic.net/1.jpg?type=w966", "https://postfiles.pstatic.net/1.jpg?type=w966"),
        ("http://a/x\u200f y.jpg", "http://a/x%E2%80%8F%20y.jpg"),
    ],
)
@pytest.mark.parametrize("name", ["failed.csv", "failed-quick.csv"])
def test_an_address_is_named_as_it_was_linked_and_can_be_forgotten(
    tmp_path: Path, link: str, named: str, name: str
) -> None:
    write_failed(tmp_path / name, [failed_of(link, Said(), "HTTP_403", 1, "")])
    assert list(rows_in(tmp_path, name)) == [named]
    forget_failed(tmp_path, lambda url: url == canonical_url(link))
    assert not rows_in(tmp_path, name)


def test_a_forgotten_address_is_no_longer_named(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.faults["/p/1.jpg"] = shop.faults["/p/2.jpg"] = lambda request: web.Response(status=500)
    crawl(retries=0)
    url = f"{shop.address}/p/1.jpg"
    forget(Tombstones(tmp_path / "tombstones.jsonl"), tmp_path / "store", tmp_path / "raw", [url], [], [])
    assert list(rows_in(tmp_path / "store")) == [f"{shop.address}/p/2.jpg"]
    assert url.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "store").glob("*.*"))
    crawl(retries=0)
    assert list(rows_in(tmp_path / "store")) == [f"{shop.address}/p/2.jpg"]


def test_a_store_without_the_file_has_nothing_to_forget(tmp_path: Path) -> None:
    forget_failed(tmp_path, lambda url: True)
    assert not list(tmp_path.iterdir())


def test_it_can_be_crawled_as_it_is_and_after_corrections(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.faults["/p/0.jpg"] = lambda request: web.Response(status=404)
    good = [f"{shop.address}/p/{i}.jpg" for i in range(3)]
    bad = ["no address,a shirt", ",nothing", "ftp://a/b,x"]
    again = tmp_path / "again.csv"
    again.write_text("\n".join(["url,title", *(f"{url},t" for url in good), good[0], *bad]))
    figures = crawl(provider="urls", url_list=str(again), contact="a@b.org")
    assert figures["left_out"] == {"BAD_ADDRESS": 2, "DUPLICATE": 1, "NO_ADDRESS": 1}
    shop.faults.clear()
    failed = (tmp_path / "store" / "failed.csv").read_text()
    assert ",nothing,NO_ADDRESS,,,,,7,,,,,\n" in failed
    again.write_text(failed.replace("ftp://a/b", f"{shop.address}/p/7.jpg"))
    figures = crawl(provider="urls", url_list=str(again), contact="a@b.org", max_skipped=0.0)
    assert (figures["products"], figures["fetched"]) == (2, 2)
    rows = rows_in(tmp_path / "store")
    assert [(url, row["title"], row["reason"]) for url, row in rows.items()] == [
        ("no address", "a shirt", "BAD_ADDRESS"),
        ("", "nothing", "NO_ADDRESS"),
    ]
