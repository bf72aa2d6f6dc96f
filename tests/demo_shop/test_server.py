import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import pytest

from demo_shop.goods.drawn import Drawn
from demo_shop.running import RunningShop
from fashion_pggan.errors import UserError
from fashion_pggan.loopback import HEADERS

KEYS = {"X-NCP-APIGW-API-KEY-ID": "demo", "X-NCP-APIGW-API-KEY": "demo"}


@pytest.fixture(scope="module")
def shop():
    with RunningShop("--products", "1300") as shop:
        yield shop


def _get(url, headers=None, method="GET"):
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def _search(shop, headers=KEYS, **parameters):
    query = urllib.parse.urlencode(parameters)
    return _get(f"{shop.url}/search/v1/image?{query}", headers)


def _items(shop, **parameters):
    return json.loads(_search(shop, **parameters)[2])["items"]


def test_an_answer_has_the_apis_shape(shop):
    status, headers, body = _search(shop, query="남자 셔츠", display=3)
    assert status == 200
    assert headers["Content-Type"].replace(" ", "") == "text/plain;charset=UTF-8"
    answer = json.loads(body)
    assert parsedate_to_datetime(answer["lastBuildDate"]).utcoffset().total_seconds() == 9 * 3600
    assert (answer["start"], answer["display"], len(answer["items"])) == (1, 3, 3)
    assert 100 < answer["total"] < 1300
    for item in answer["items"]:
        assert item.keys() == {"title", "link", "thumbnail", "sizeheight", "sizewidth"}
        assert all(isinstance(value, str) for value in item.values())
        assert item["sizeheight"].isdigit()
        assert "<b>셔츠</b>" in item["title"]
        assert item["link"].startswith(f"{shop.url}/images/")


def test_ten_results_come_unless_asked_otherwise_and_pages_do_not_overlap(shop):
    assert len(_items(shop, query="남자")) == 10
    pages = [_items(shop, query="남자", display=100, start=start) for start in range(1, 1001, 100)]
    assert len({item["link"] for page in pages for item in page}) == 1000
    last = _items(shop, query="남자", display=100, start=1000)
    assert len(last) == 100
    assert last[0] == pages[-1][-1]


def test_a_page_behind_the_results_is_empty(shop):
    answer = json.loads(_search(shop, query="니트", start=1000)[2])
    assert (answer["items"], answer["display"]) == ([], 0)
    assert answer["total"] > 0


def test_a_word_that_the_shop_does_not_know_finds_nothing(shop):
    answer = json.loads(_search(shop, query="비행기")[2])
    assert (answer["total"], answer["items"]) == (0, [])


def test_sorts_are_two_windows_and_filters_are_by_size(shop):
    by_likeness, by_date = (_items(shop, query="남자", sort=sort, display=100) for sort in ("sim", "date"))
    assert by_likeness != by_date
    assert by_date[0]["link"].split("/")[-1].startswith("001299")
    for size, low, high in (("large", 600, 9999), ("medium", 300, 599), ("small", 1, 299)):
        for item in _items(shop, query="남자", filter=size, display=50):
            assert low <= min(int(item["sizewidth"]), int(item["sizeheight"])) <= high


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": " "},
        {"query": "티", "display": 0},
        {"query": "티", "display": 101},
        {"query": "티", "display": "ten"},
        {"query": "티", "start": 0},
        {"query": "티", "start": 1001},
        {"query": "티", "start": "٣"},
        {"query": "티", "sort": "asc"},
        {"query": "티", "filter": "huge"},
        {"query": "티", "format": "xml"},
    ],
)
def test_a_wrong_parameter_is_a_bad_request_in_the_gateways_form(shop, parameters):
    status, _, body = _search(shop, **parameters)
    assert status == 400
    error = json.loads(body)["error"]
    assert error.keys() == {"errorCode", "message", "details"}
    assert error["errorCode"] == "100"


@pytest.mark.parametrize(
    "headers", [{}, {**KEYS, "X-NCP-APIGW-API-KEY": "wrong"}, {"X-NCP-APIGW-API-KEY-ID": "demo"}]
)
def test_wrong_or_missing_keys_are_unauthorised(shop, headers):
    status, _, body = _search(shop, headers=headers, query="티")
    assert status == 401
    assert json.loads(body)["error"]["errorCode"] == "200"


@pytest.mark.parametrize(
    "path",
    ["/v1/search/shop.json", "/images/999999-x.jpg", "/images/-1-x.jpg", "/images/x", "/private"],
)
def test_what_is_not_there_is_not_found(shop, path):
    status, _, body = _get(shop.url + path)
    assert status == 404
    assert json.loads(body)["error"]["errorCode"] == "300"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2F..%2Fetc%2Fpasswd", "0" * 5000, "%00", "1e3-x.jpg"]
)
def test_hostile_paths_are_not_found(shop, name):
    assert _get(f"{shop.url}/images/{name}")[0] in (400, 404)


def test_images_are_the_catalogues_bytes_with_the_usual_headers(shop):
    catalogue = Drawn(1300)
    for item in _items(shop, query="니트", display=5):
        number = int(item["link"].rsplit("/", 1)[-1][:6])
        status, headers, body = _get(item["link"])
        assert (status, body) == (200, catalogue.image(number))
        assert headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert int(headers["Content-Length"]) == len(body)
        assert headers["Content-Type"] == catalogue.product(number).content_type
        assert parsedate_to_datetime(headers["Last-Modified"])
        assert _get(item["link"], {"If-None-Match": headers["ETag"]})[0] == 304
        assert _get(item["link"], method="HEAD")[2] == b""
        assert _get(item["thumbnail"])[0] == 200


def test_robots_may_search_and_fetch_images(shop):
    _, headers, body = _get(f"{shop.url}/robots.txt")
    assert headers["Content-Type"].startswith("text/plain")
    lines = body.decode().split("\n")
    assert {"User-agent: *", "Allow: /images", "Disallow: /private"} <= set(lines)


def test_people_see_a_page_of_goods(shop):
    _, headers, body = _get(shop.url)
    assert headers["Content-Type"].startswith("text/html")
    assert body.decode().count("<figure>") == 120


def test_many_clients_at_once_get_right_answers(shop):
    async def fetch_all():
        links = [item["link"] for item in _items(shop, query="남자", display=15)] * 20
        limit = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(connector=limit) as session:

            async def fetch(link):
                async with session.get(link) as answer:
                    body = await answer.read()
                    return (
                        answer.status == 200
                        and answer.headers["ETag"].strip('"') == hashlib.sha256(body).hexdigest()
                    )

            return await asyncio.gather(*map(fetch, links))

    assert all(asyncio.run(fetch_all()))


def test_links_carry_the_public_name(tmp_path):
    (tmp_path / "a b#.png").write_bytes(b"x")
    with RunningShop("--images", str(tmp_path), "--public-url", "http://demo-shop.localhost/") as shop:
        (item,) = _items(shop, query="shelf0")
        assert item["link"] == "http://demo-shop.localhost/images/000000-a%20b%23.png"
        path = urllib.parse.urlsplit(item["link"]).path
        assert _get(shop.url + path)[2] == b"x"


def test_the_shop_ends_with_the_process_that_started_it():
    program = (
        "import subprocess, sys, time\nfrom fashion_pggan.command.lifetime import owned\n"
        "shop = subprocess.Popen([sys.executable, '-m', 'demo_shop', '--port', '0', '--products', '1'], "
        "env=owned(), stdout=subprocess.PIPE, text=True)\n"
        "print(shop.pid, shop.stdout.readline(), flush=True)\ntime.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    pid = int(starter.stdout.readline().split()[0])
    starter.kill()
    starter.communicate()
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]:
            break  # ended, and waits for its new parent to notice
        time.sleep(0.1)
    else:
        assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--images", "nowhere"), "nowhere is not a folder: give a folder of images"),
        (("--products", "-1"), "--products -1: give 0 or more"),
    ],
)
def test_a_shop_without_goods_says_why(arguments, says):
    with pytest.raises(UserError, match=says), RunningShop(*arguments):
        pass


def test_a_taken_port_is_one_clear_line(shop):
    port = shop.url.rpartition(":")[2]
    command = [sys.executable, "-m", "demo_shop", "--port", port, "--products", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, env=os.environ, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: --port {port}:")
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("path", ["/", "/images/000000-x.jpg", "/search/v1/image?query=x", "/nowhere"])
def test_a_page_whose_name_points_here_reads_nothing(shop, path):
    status, _, body = _get(shop.url + path, {**KEYS, "Host": "evil.example"})
    assert status == 403
    assert "does not answer to the name 'evil.example'" in json.loads(body)["error"]["details"]


def test_the_shops_own_name_is_answered_and_no_other_site_shows_its_images():
    with RunningShop("--products", "1", "--public-url", "http://shop.example") as own:
        status, headers, _ = _get(f"{own.url}/images/000000-x.jpg", {"Host": "shop.example"})
    assert status == 200
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_a_page_of_another_site_changes_nothing_in_a_shop_with_faults():
    with RunningShop("--products", "1", "--faults", "1") as faulty:
        url = f"{faulty.url}/faults/next-day"
        assert _get(url, {"Origin": "http://evil.example"}, "POST")[0] == 403
        assert _get(url, {"Origin": faulty.url}, "POST")[0] == 200
        assert _get(url, method="POST")[0] == 200


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 on this machine")
def test_an_address_of_ipv6_is_named_in_brackets():
    with RunningShop("--host", "::1", "--products", "1") as shop:
        assert shop.url.startswith("http://[::1]:")
        assert _search(shop, query="셔츠")[0] == 200
