"""Whole crawls of the real demo shop, started by the provider or beside it."""

import hashlib
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from crawler.providers.shop import SHELF, SHOP_NAME, without_empty_shelves
from demo_shop.goods import catalogue
from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.kept import bytes_of

TRICKY_NAMES = [
    "상의 1.png",
    "100%.png",
    "%41.png",
    "a b#c?d.png",
    "x+y&z=1;2.png",
    "in/a folder/1.png",
    "~'(1)!.png",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of small images, all different, with names that try to break addresses."""
    for number, name in enumerate(TRICKY_NAMES):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    return tmp_path / "images"


def records(tmp_path: Path) -> list[RawImage]:
    return read_records(tmp_path / "raw/records.parquet", RawImage)


def test_shelves_behind_the_last_one_are_not_asked(crawl: Callable[..., Any], folder: Path) -> None:
    figures = crawl(shop_images=str(folder), queries=["shelf0", "shelf1", "shelf2"])
    assert (figures["products"], figures["calls"]) == (len(TRICKY_NAMES), 1)


@pytest.mark.parametrize(
    ("products", "kept"),
    [(1, ["a", "shelf0"]), (1000, ["a", "shelf0"]), (1001, ["a", "shelf0", "shelf1"]), (0, ["a"])],
)
def test_a_shelf_holds_a_thousand(products: int, kept: list[str]) -> None:
    assert without_empty_shelves(["a", "shelf0", "shelf1", "shelf7"], products) == kept
    assert without_empty_shelves(["shelf7"], products) == ["shelf7"]
    assert SHELF == catalogue.SHELF


def test_a_folder_of_links_is_crawled_and_the_log_says_so(
    crawl: Callable[..., Any], folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        (links / f"{number}.png").symlink_to(path)
    assert crawl(shop_images=str(links), queries=["shelf0"])["images"] == len(TRICKY_NAMES)
    assert "links out of it, and are read: 7" in caplog.text


def test_the_provider_starts_the_shop_crawls_it_and_ends_it(
    crawl: Callable[..., Any], tmp_path: Path
) -> None:
    figures = crawl(shop_products=8, queries=["남자"])
    assert figures["products"] == 8
    assert figures["failed"] == {}
    for record in records(tmp_path):
        assert record.url.startswith(f"{SHOP_NAME}/")
        assert hashlib.sha256(bytes_of(tmp_path / "raw", record)).hexdigest() == record.sha256
    assert not [child for child in psutil.Process().children() if "demo_shop" in " ".join(child.cmdline())]


def test_a_second_crawl_fetches_nothing_though_the_shop_has_another_port(
    crawl: Callable[..., Any], tmp_path: Path
) -> None:
    first = crawl(shop_products=8, queries=["남자"])
    before = records(tmp_path)
    second = crawl(shop_products=8, queries=["남자"])
    assert (second["fetched"], second["reused"]) == (0, first["products"])
    assert records(tmp_path) == before


@pytest.fixture
def running_shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    command = [sys.executable, "-m", "demo_shop", "--port", "0", "--products", "6"]
    with subprocess.Popen(command, env=owned(), stdout=subprocess.PIPE, text=True) as shop:
        assert shop.stdout is not None
        address = shop.stdout.readline().split()[-1]
        monkeypatch.setenv("FASHION_PGGAN_SHOP_URL", address)
        yield address
        shop.terminate()


def test_a_shop_that_runs_already_can_be_crawled_and_serves_the_same_bytes(
    running_shop: str, crawl: Callable[..., Any], tmp_path: Path
) -> None:
    crawl(queries=["남자"])
    for record in records(tmp_path):
        assert record.url.startswith(running_shop)
        with urllib.request.urlopen(record.url, timeout=10) as response:
            assert hashlib.sha256(response.read()).hexdigest() == record.sha256


def test_every_file_of_a_folder_is_crawled_whatever_its_name(
    crawl: Callable[..., Any], tmp_path: Path, folder: Path
) -> None:
    figures = crawl(shop_images=str(folder), queries=["남자"])
    assert (figures["images"], figures["failed"]) == (len(TRICKY_NAMES), {})
    source = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.png")}
    assert {record.sha256 for record in records(tmp_path)} == source


def test_a_folder_without_images_is_an_error_that_names_it(crawl: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UserError, match=f"the demo shop did not start: .*{tmp_path}/nothing"):
        crawl(shop_images=str(tmp_path / "nothing"))


@pytest.mark.slow
def test_every_photograph_of_a_real_folder_is_crawled(
    crawl: Callable[..., Any], tmp_path: Path, shared: Path
) -> None:
    photographs = shared / "images/tops"
    if not photographs.is_dir():
        pytest.skip("needs the photographs in ../shared/images/tops")
    source = [
        path for path in photographs.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")
    ]
    # a query for one shelf of a thousand reaches all of it through the window
    figures = crawl(shop_images=str(photographs), max_products=10_000, queries=["shelf0", "shelf1"])
    assert (figures["images"], figures["failed"]) == (len(source), {})
    assert {record.sha256 for record in records(tmp_path)} == {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in source
    }
