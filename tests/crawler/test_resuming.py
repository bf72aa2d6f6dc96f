"""Going on after quotas, kills and failures; parts on several machines; deletions that stay."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
import yaml
from aiohttp import web
from PIL import Image

from crawler import stage
from crawler.commands.forget import Gone, forget
from crawler.commands.merge import merge
from crawler.network.addresses import canonical_url
from crawler.store.marks import digest_of
from crawler.store.store import images_of
from crawler.store.tombstones import Tombstones
from curate import stage as curate
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.records import CuratedImage, RawImage, read_records

REPOSITORY = Path(__file__).resolve().parents[2]
SEARCH = "/search/v1/image"
CONCURRENCY = 8  # of params_file

Crawl = Callable[..., dict[str, Any]]


def raw(tmp_path: Path) -> list[RawImage]:
    return read_records(tmp_path / "raw/records.parquet", RawImage)


def many(shop: Any, count: int) -> None:
    shop.images = {f"/p/{i}.jpg": b"\xff\xd8\xff%d" % i for i in range(count)}


# the search


def test_after_the_quota_only_what_was_not_answered_is_asked(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    many(shop, 450)
    shop.quota_after = 3
    with pytest.raises(PassingError, match="run again after 00:00 in Korea"):
        crawl()
    assert len(images_of(tmp_path / "store")) == 300
    shop.quota_after = None
    figures = crawl()
    assert shop.requests[SEARCH] == 4 + 2
    assert (figures["calls"], figures["calls_now"], figures["images"]) == (5, 2, 450)
    assert set(shop.fetched().values()) == {1}


def test_a_crawl_that_is_told_to_waits_for_the_next_day(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[bool] = []

    def midnight(now: object) -> float:
        waits.append(True)
        shop.quota_after = None
        return 0.1

    monkeypatch.setattr("crawler.providers.client.seconds_to_midnight_in_korea", midnight)
    monkeypatch.setattr("crawler.providers.client.AFTER_MIDNIGHT_S", 0.0)
    many(shop, 250)
    shop.quota_after = 1
    assert crawl(wait_for_quota=True)["images"] == 250
    assert waits == [True]


def test_calls_are_counted_over_crawls_and_a_limit_of_ones_own_holds(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    many(shop, 250)
    crawl(max_products=100)
    with pytest.raises(PassingError, match=r"daily quota .* \(crawl.daily_calls is reached\)"):
        crawl(daily_calls=3)
    assert shop.requests[SEARCH] == 3
    assert (
        "demo" not in json.loads((tmp_path / "store/calls.json").read_text())["calls"]
    )  # a hash stands there


def test_a_query_that_the_api_refuses_is_not_asked_again_by_the_same_crawl(shop: Any, crawl: Crawl) -> None:
    many(shop, 150)
    shop.search_faults = [(400, json.dumps({"errorCode": "SE01", "errorMessage": "no"}))]
    shop.quota_after = 2
    with pytest.raises(PassingError):
        crawl(queries=["bad", "good"])
    shop.quota_after = None
    crawl(queries=["bad", "good"])
    assert shop.requests[SEARCH] == 3 + 1


def test_titles_with_a_word_of_the_vocabularys_list_are_left_out(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    words = {"prefixes": ["남자"], "types": ["셔츠"], "axes": {}, "pairs": [], "not_in_title": ["/P/1"]}
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(words))
    figures = crawl(queries=[], vocabulary=str(tmp_path / "words.yaml"))
    assert (figures["images"], figures["left_out"]) == (19, {"TITLE": 11})
    assert [row["word"] for row in figures["words"]] == ["prefix=남자", "sort=sim", "filter=all"]


# failures


def test_failures_that_stay_are_not_tried_again_by_a_crawl_that_goes_on(shop: Any, crawl: Crawl) -> None:
    many(shop, 150)
    shop.faults["/p/0.jpg"] = lambda request: web.Response(status=404)
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=500)
    shop.quota_after = 1
    with pytest.raises(PassingError):
        crawl(retries=0)
    shop.quota_after = None
    figures = crawl(retries=0)
    assert figures["failed"] == {"HTTP_404": 1, "HTTP_500": 1}
    assert (shop.requests["/p/0.jpg"], shop.requests["/p/1.jpg"]) == (1, 2)
    assert figures["may_pass"] == 1


def test_what_was_given_up_under_other_limits_is_tried_again(shop: Any, crawl: Crawl) -> None:
    many(shop, 150)
    shop.images["/p/0.jpg"] = bytes(5000)
    shop.quota_after = 1
    with pytest.raises(PassingError):
        crawl(max_bytes=4000)
    shop.quota_after = None
    assert crawl(max_bytes=6000)["failed"] == {}


def test_every_product_is_stored_or_counted_under_one_reason(shop: Any, crawl: Crawl) -> None:
    statuses = [404, 403, 410, 500, 503, 429, 302]
    for status in statuses:
        shop.faults[f"/p/{status}"] = lambda request, status=status: web.Response(status=status)
    figures = crawl()
    assert figures["images"] + sum(figures["failed"].values()) == figures["products"] == 37
    assert figures["failed"] == {f"HTTP_{status}": 1 for status in statuses}


# kills


@pytest.mark.slow
def test_a_crawl_killed_at_twenty_moments_ends_as_one_that_was_not(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    many(shop, 600)
    shop.delay_s = 0.03
    shop.faults["/p/7.jpg"] = lambda request: web.Response(status=404)
    params = params_file(queries=["a", "b"])

    def start(name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "crawler", str(tmp_path / name / "raw"), "--params", str(params)]
        command += ["--store", str(tmp_path / name / "store")]
        command += ["--tombstones", str(tmp_path / "tombstones.jsonl")]
        return subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)

    assert start("undisturbed").wait(120) == 0
    undisturbed, calls = shop.fetched(), shop.requests[SEARCH]
    chance = random.Random(6)
    moments = sorted(chance.randrange(undisturbed.total()) for _ in range(20))
    for moment in moments:
        process = start("killed")
        until = time.monotonic() + 60
        while shop.fetched().total() - undisturbed.total() < moment and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert start("killed").wait(120) == 0
    twice = shop.fetched() - undisturbed - undisturbed
    assert twice.total() <= len(moments) * 2 * CONCURRENCY  # in flight, or being written
    assert shop.requests[SEARCH] - calls <= calls + len(moments)  # answers are not asked for again

    def outcome(name: str) -> list[dict[str, Any]]:
        table = pandas.read_parquet(tmp_path / name / "raw/records.parquet").fillna(0)
        return table.drop(columns=["crawled_at", "crawl_id", "attempts"]).to_dict("records")

    assert outcome("killed") == outcome("undisturbed")
    for record in raw(tmp_path / "killed"):
        body = shop.images[record.url.removeprefix(shop.address)]
        assert (tmp_path / "killed/raw" / record.file).read_bytes() == body


# parts


def test_parts_of_a_plan_joined_are_the_crawl_of_the_whole(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    many(shop, 400)
    paths = list(shop.images)
    queries = [f"{name}" for name in "abcdefgh"]
    shop.of_query = lambda query: random.Random(query).sample(paths, 150)
    tombstones = tmp_path / "tombstones.jsonl"

    def crawled(name: str, part: str) -> dict[str, Any]:
        params = params_file(queries=queries, part=part, max_products=100_000)
        places = {"store": tmp_path / name / "store", "report": None, "tombstones": tombstones}
        return stage.run(tmp_path / name / "raw", params=params, **places)

    crawled("whole", "1/1")
    parts = [f"{number}/3" for number in (1, 2, 3)]
    found = [crawled(part, part)["products"] for part in parts]
    assert sum(found) > len(raw(tmp_path / "whole")) > max(found)  # they overlap
    before = shop.requests.copy()
    stores = [tmp_path / part / "store" for part in parts]
    counted = merge(stores, tmp_path / "joined/store", Tombstones(tombstones))
    assert counted["images new"] == len(raw(tmp_path / "whole"))
    assert merge(stores, tmp_path / "joined/store", Tombstones(tombstones))["images new"] == 0
    figures = crawled("joined", "1/1")
    assert (figures["calls_now"], figures["fetched"], shop.requests) == (0, 0, before)

    def facts(name: str) -> list[tuple[Any, ...]]:
        return [(r.url, r.sha256, r.query, r.rank, r.plan_query) for r in raw(tmp_path / name)]

    assert facts("joined") == facts("whole")
    for record in raw(tmp_path / "joined"):
        body = shop.images[record.url.removeprefix(shop.address)]
        assert (tmp_path / "joined/raw" / record.file).read_bytes() == body


def test_parts_may_follow_each_other_in_one_store(shop: Any, crawl: Crawl) -> None:
    shop.of_query = lambda query: [f"/p/{i}.jpg" for i in range(30) if (i % 2 == 0) == (query == "a")]
    queries = list("abcdefgh")
    for part in ("1/2", "2/2"):
        crawl(queries=queries, part=part)
    calls = shop.requests[SEARCH]
    figures = crawl(queries=queries)
    assert (figures["fetched"], figures["images"], shop.requests[SEARCH]) == (0, 30, calls)


def test_a_part_without_queries_is_an_error(shop: Any, crawl: Crawl) -> None:
    with pytest.raises(UserError, match=r"part 4/9 of the plan holds no query: give crawl\.part fewer parts"):
        crawl(queries=["a"], part="4/9")


def test_what_is_no_store_cannot_be_joined(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no store of a crawl"):
        merge([tmp_path], tmp_path / "store", Tombstones(tmp_path / "t"))


# deletions


def deleted(tmp_path: Path, **what: list[str]) -> Gone:
    """Forget urls, hosts or hashes."""
    values = [what.get(name, []) for name in ("urls", "hosts", "hashes")]
    return forget(Tombstones(tmp_path / "tombstones.jsonl"), tmp_path / "store", tmp_path / "raw", *values)


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


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
    figures = crawl()  # anew
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
    assert not [path for path in (tmp_path / "store/images").rglob("*") if path.is_file()]
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


def test_joining_writes_down_nothing_that_was_forgotten(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    tombstones = Tombstones(tmp_path / "elsewhere.jsonl")
    forget(tombstones, tmp_path / "other", tmp_path / "none", [f"{shop.address}/p/1.jpg"], [], [])
    assert merge([tmp_path / "store"], tmp_path / "joined", tombstones)["forgotten"] == 1
    assert f"{shop.address}/p/1.jpg".encode() not in everything_under(tmp_path / "joined")
    assert f"{shop.address}/p/2.jpg".encode() in everything_under(tmp_path / "joined")


def test_a_further_run_tries_failures_again_by_the_same_answers_and_the_one_after_asks_anew(
    shop: Any, crawl: Crawl
) -> None:
    shop.faults["/p/1.jpg"] = lambda request: web.Response(status=503)
    for calls in (1, 1, 2):
        figures = crawl(retries=0)
        assert (figures["failed"], figures["may_pass"]) == ({"HTTP_503": 1}, 1)
        assert shop.requests[SEARCH] == calls


def test_a_file_that_two_addresses_share_stays_for_the_other(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images["/p/copy.jpg"] = shop.images["/p/1.jpg"]
    crawl()
    assert deleted(tmp_path, urls=[f"{shop.address}/p/1.jpg"])[:2] == (1, 1)
    (copy,) = [record for record in raw(tmp_path) if record.url.endswith("copy.jpg")]
    assert (tmp_path / "raw" / copy.file).read_bytes() == shop.images["/p/copy.jpg"]


def test_a_forgotten_address_is_forgotten_by_http_and_by_https(tmp_path: Path) -> None:
    deleted(tmp_path, urls=["https://a.org/1", "http://a.org/2"])
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    addresses = [f"{scheme}://a.org/{number}" for scheme in ("http", "https") for number in (1, 2, 3)]
    assert [tombstones.forbid(address) for address in addresses] == [True, True, False] * 2


def test_a_tombstone_that_cannot_be_read_stops_the_crawl(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    deleted(tmp_path, urls=["http://a/1"])
    with (tmp_path / "tombstones.jsonl").open("a") as file:
        file.write("half a li")
    with pytest.raises(UserError, match=r"tombstones.jsonl, line 3, is no tombstone: 'half a li': mend or"):
        crawl()
    assert not shop.requests


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ({"urls": ["nothing"]}, "--url nothing: give an address"),
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
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    command = [sys.executable, "-m", "crawler", "forget", "--url", f"{shop.address}/p/1.jpg"]
    places = {"--store": "store", "--raw": "raw", "--tombstones": "tombstones.jsonl"}
    command += [part for name, place in places.items() for part in (name, str(tmp_path / place))]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (done.returncode, len(raw(tmp_path))) == (0, 29)
    assert "dvc repro carries this into the dataset" in done.stderr
    command = [sys.executable, "-m", "crawler", "merge", str(tmp_path / "store")]
    command += ["--store", str(tmp_path / "joined"), "--tombstones", str(tmp_path / "tombstones.jsonl")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (done.returncode, len(images_of(tmp_path / "joined"))) == (0, 29)
    assert "29 images new, 1 plans" in done.stderr


def test_no_key_is_in_any_log_stat_error_or_file(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.key = "key-that-nobody-sees"
    shop.search_faults = [(500, "no key-that-nobody-sees for id-that-nobody-sees")]
    params = params_file()
    options = {"params": params, "report": tmp_path / "crawl.json"}
    options |= {name: tmp_path / name for name in ("target", "store", "tombstones")}
    command = [sys.executable, "-m", "scrapy", "crawl", "naver_tops", "-L", "DEBUG", "-s", "STATS_DUMP=True"]
    command += [part for name, value in options.items() for part in ("-a", f"{name}={value}")]
    keys = {"NAVER_API_KEY_ID": "id-that-nobody-sees", "NAVER_API_KEY": "key-that-nobody-sees"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **keys}, capture_output=True, text=True, timeout=60
    )
    assert shop.headers[SEARCH][-1]["X-Ncp-Apigw-Api-Key"] == "key-that-nobody-sees"
    assert "'crawl/images': 30" in done.stderr  # the stats, dumped
    assert "nobody-sees" not in done.stderr + done.stdout
    assert b"nobody-sees" not in everything_under(tmp_path)
    assert (tmp_path / "crawl.json").is_file()


def test_a_dry_run_prints_the_plan_and_asks_nobody(tmp_path: Path, params_file: Callable[..., Path]) -> None:
    params = params_file(provider="naver_hub", vocabulary=str(REPOSITORY / "vocabularies/tops.yaml"))
    command = [sys.executable, "-m", "scrapy", "crawl", "naver_tops", "-a", "dry_run=1"]
    command += ["-a", f"params={params}", "-a", f"store={tmp_path / 'store'}"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "rror" not in done.stderr
    assert "25,000 calls a day" in done.stdout
    assert "  셔츠 | sim | all" in done.stdout
    assert not (tmp_path / "store").exists()
