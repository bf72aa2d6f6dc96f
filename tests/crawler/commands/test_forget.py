"""Images that are forgotten: gone everywhere, and never fetched again."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from crawler.commands.forget import Gone, forget
from crawler.commands.merge import merge
from crawler.network.addresses import canonical_url
from crawler.store.marks import digest_of
from crawler.store.store import images_of
from crawler.store.tombstones import Tombstones
from curate import stage as curate
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.records import CuratedImage, read_records
from tests.crawler.kept import bytes_of, everything_under, members, raw

REPOSITORY = Path(__file__).resolve().parents[3]
Crawl = Callable[..., dict[str, Any]]


def deleted(tmp_path: Path, **what: list[str]) -> Gone:
    """Forget urls, hosts or hashes."""
    values = [what.get(name, []) for name in ("urls", "hosts", "hashes")]
    return forget(Tombstones(tmp_path / "tombstones.jsonl"), tmp_path / "store", tmp_path / "raw", *values)


def test_a_forgotten_address_is_gone_everywhere_and_never_asked_for_again(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    url, body = f"{shop.address}/p/7.jpg", shop.images["/p/7.jpg"]
    assert deleted(tmp_path, urls=[f"{url}#again"])[:2] == (1, 1)
    for folder in ("raw", "store"):
        assert body not in everything_under(tmp_path / folder)
        assert not any(url.encode() + end in everything_under(tmp_path / folder) for end in (b'"', b" "))
    assert "/p/7" not in (tmp_path / "tombstones.jsonl").read_text()
    assert digest_of(url) in (tmp_path / "tombstones.jsonl").read_text()
    before = shop.requests.copy()
    figures = crawl()  # as dvc repro would: from what is known, without calls
    assert (figures["images"], figures["left_out"], shop.requests) == (29, {"FORGOTTEN": 1}, before)
    figures = crawl()  # again
    assert (figures["calls_now"], figures["images"], shop.requests["/p/7.jpg"]) == (1, 29, 1)
    for folder in ("raw", "store"):  # the search has named it again; nobody has written it down
        assert b"/p/7.jpg" not in everything_under(tmp_path / folder)
    figures = crawl()
    assert (figures["left_out"], shop.requests["/p/7.jpg"]) == ({"FORGOTTEN": 1}, 1)


def test_a_forgotten_host_takes_all_below_it_and_what_was_redirected_there(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    assert deleted(tmp_path, hosts=["127.0.0.1"])[:2] == (30, 30)
    left = [path.parent.name for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert not {"images", "shards"} & {*left}
    assert not members(tmp_path / "store")
    with pytest.raises(UserError, match=r"left out: FORGOTTEN 30"):
        crawl()
    assert set(shop.fetched().values()) == {1}


def test_forgotten_bytes_are_not_kept_under_any_address(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    sha256 = raw(tmp_path)[3].sha256
    assert deleted(tmp_path, hashes=[sha256.upper()])[:2] == (1, 1)
    shop.images["/p/copy.jpg"] = shop.images["/p/3.jpg"]
    crawl()
    figures = crawl()
    assert (figures["failed"], figures["left_out"]) == ({"FORGOTTEN": 1}, {"FORGOTTEN": 1})
    assert shop.requests["/p/3.jpg"] == 1
    assert sha256 not in {record.sha256 for record in raw(tmp_path)}


def test_bytes_are_forgotten_by_what_the_crawl_made_where_its_store_is_lost(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    assert deleted(tmp_path, hashes=[raw(tmp_path)[3].sha256])[:2] == (0, 1)
    assert crawl()["left_out"] == {"FORGOTTEN": 1}
    assert shop.requests["/p/3.jpg"] == 1


def test_a_redirect_to_a_forgotten_address_is_not_followed(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    del shop.images["/p/1.jpg"]
    deleted(tmp_path, urls=[f"{shop.address}/p/1.jpg"])
    shop.faults["/p/moved"] = lambda request: web.Response(status=301, headers={"Location": "/p/1.jpg"})
    assert crawl()["failed"] == {"FORGOTTEN": 1}
    assert shop.requests["/p/1.jpg"] == 0


@pytest.mark.parametrize(
    "way", ["/p/%31.jpg", "/p/1.jpg#top", "//{host}/p/1.jpg", "http://me@{host}/p/1.jpg"]
)
def test_a_redirect_that_spells_a_forgotten_address_otherwise_is_not_followed(
    shop: Any, crawl: Crawl, tmp_path: Path, way: str
) -> None:
    deleted(tmp_path, urls=[f"{shop.address}/p/1.jpg"])
    location = way.format(host=shop.address.removeprefix("http://"))
    shop.faults["/p/away"] = lambda request: web.Response(status=302, headers={"Location": location})
    shop.images.pop("/p/1.jpg")
    shop.images = {"/p/2.jpg": b"two"}
    assert crawl()["failed"] == {"FORGOTTEN": 1}


def test_a_host_is_forgotten_however_it_is_written(tmp_path: Path) -> None:
    deleted(tmp_path, hosts=["Example.org.", "한국.kr"])
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    links = [
        "http://example.org./a.jpg",
        "https://cdn.example.org:8443/a",
        "http://한국.kr/a",
        "http://b.org/",
    ]
    assert [tombstones.forbid(canonical_url(link)) for link in links] == [True, True, True, False]


@pytest.mark.parametrize("kind", ["sha256", "redirect"])
def test_a_tombstone_of_another_machine_takes_what_is_stored_here_out_of_the_outcome(
    shop: Any, crawl: Crawl, tmp_path: Path, kind: str
) -> None:
    shop.faults["/p/away"] = lambda request: web.Response(status=302, headers={"Location": "/p/1.jpg"})
    crawl()
    assert len(raw(tmp_path)) == 31
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    if kind == "sha256":
        tombstones.add("sha256", [next(one.sha256 for one in raw(tmp_path) if one.url.endswith("/p/1.jpg"))])
    else:
        tombstones.add("url", [digest_of(f"{shop.address}/p/1.jpg")])
    figures = crawl()
    left = {record.url.rpartition("/")[2] for record in raw(tmp_path)}
    assert len(left) == 29
    assert not left & {"1.jpg", "away"}
    assert figures["failed"].get("FORGOTTEN", 0) + figures["left_out"].get("FORGOTTEN", 0) == 2
    joined = merge([tmp_path / "store"], tmp_path / "joined", tombstones)
    assert (joined["forgotten"], joined["images new"]) == (2, 29)


def test_a_file_that_two_addresses_share_stays_for_the_other(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images["/p/copy.jpg"] = shop.images["/p/1.jpg"]
    crawl()
    assert deleted(tmp_path, urls=[f"{shop.address}/p/1.jpg"])[:2] == (1, 1)
    (copy,) = [record for record in raw(tmp_path) if record.url.endswith("copy.jpg")]
    assert bytes_of(tmp_path / "raw", copy) == shop.images["/p/copy.jpg"]


def test_a_forgotten_address_is_forgotten_by_http_and_by_https(tmp_path: Path) -> None:
    deleted(tmp_path, urls=["https://a.org/1", "http://a.org/2"])
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    addresses = [f"{scheme}://a.org/{number}" for scheme in ("http", "https") for number in (1, 2, 3)]
    assert [tombstones.forbid(address) for address in addresses] == [True, True, False] * 2


def test_a_tombstone_that_cannot_be_read_stops_the_crawl(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    deleted(tmp_path, urls=["http://a/1"])
    with (tmp_path / "tombstones.jsonl").open("a") as file:
        file.write("half a li")
    with pytest.raises(
        UserError, match=r"tombstones.jsonl, line 3, is not a tombstone \(half a li\): correct the line"
    ):
        crawl()
    assert not shop.requests


@pytest.mark.parametrize("damage", ["a flipped bit", "cut", "missing"])
def test_no_image_is_deleted_because_the_records_are_damaged(
    shop: Any, crawl: Crawl, tmp_path: Path, damage: str
) -> None:
    crawl()
    store, single = tmp_path / "single", tmp_path / "store"
    merge([single], store, Tombstones(tmp_path / "tombstones.jsonl"))  # its images are single files
    images = sorted(store.glob("images/*/*"))
    assert len(images) == 30
    table = store / "fetched.parquet"
    data = bytearray(table.read_bytes())
    data[len(data) // 3] ^= 4
    if damage == "missing":
        table.unlink()
    else:
        table.write_bytes(data if damage == "a flipped bit" else data[: len(data) // 2])
    with pytest.raises(UserError, match=r"images in .* have no record, .*; nothing was changed"):
        forget(Tombstones(tmp_path / "t.jsonl"), store, tmp_path / "none", [], ["other.example.org"], [])
    assert sorted(store.glob("images/*/*")) == images
    assert not (tmp_path / "t.jsonl").exists()


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ({"urls": ["nothing"]}, "--url nothing: give a URL"),
        ({"hosts": ["http://a.org"]}, "--host http://a.org: give a name such as example.org"),
        ({"hashes": ["12"]}, "--sha256 12: give 64 hexadecimal digits"),
    ],
)
def test_what_cannot_be_forgotten_is_an_error_and_changes_nothing(
    tmp_path: Path, what: dict[str, list[str]], text: str
) -> None:
    with pytest.raises(UserError, match=text):
        deleted(tmp_path, **what)
    assert not list(tmp_path.iterdir())


def test_a_deletion_reaches_the_dataset(
    crawl: Crawl, tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    (tmp_path / "images").mkdir()
    for number in range(6):
        noise = random.Random(number).randbytes(64 * 64 * 3)
        Image.frombytes("RGB", (64, 64), noise).resize((300, 300)).save(tmp_path / f"images/{number}.png")
    changes = {"shop_images": str(tmp_path / "images"), "queries": ["남자"]}
    params = load_params(params_file(**changes)).curate

    def curated() -> dict[str, str]:
        crawl(**changes)
        curate.run(
            tmp_path / "raw", tmp_path / "curated", params, knowledge=tmp_path / "knowledge", workers=1
        )
        rows = read_records(tmp_path / "curated/manifest.parquet", CuratedImage)
        return {row.sha256: row.url for row in rows if row.kept}

    first = curated()
    assert len(first) == 6
    gone, url = next(iter(first.items()))
    deleted(tmp_path, urls=[url])
    second = curated()
    assert second == {sha256: url for sha256, url in first.items() if sha256 != gone}


def test_the_command_forgets_and_says_what_remains_to_be_done(
    shop: Any, crawl: Crawl, command: Callable[..., Any], tmp_path: Path
) -> None:
    crawl()
    store, tombstones = tmp_path / "store", ("--tombstones", tmp_path / "tombstones.jsonl")
    url = f"{shop.address}/p/1.jpg"
    ended = command("forget", "--url", url, "--store", store, "--raw", tmp_path / "raw", *tombstones)
    assert (ended.status, len(raw(tmp_path))) == (0, 29)
    assert "Run `dvc repro` to remove them from the dataset" in ended.errors
    ended = command("merge", store, "--store", tmp_path / "joined", *tombstones)
    assert (ended.status, len(images_of(tmp_path / "joined"))) == (0, 29)
    assert "29 images new, 1 plans" in ended.errors


def test_the_line_about_the_file_may_have_the_words_of_another_version(tmp_path: Path) -> None:
    text = '{"about": "in other words"}\n{"kind": "host", "value": "example.org", "when": "2026-01-01"}\n'
    (tmp_path / "tombstones.jsonl").write_text(text)
    assert Tombstones(tmp_path / "tombstones.jsonl").forbid("https://example.org/1.jpg")
    assert not Tombstones(Path(__file__).parents[3] / "tombstones.jsonl").name_addresses
