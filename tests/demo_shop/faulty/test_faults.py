import gzip
import hashlib
import http.client
import io
import json
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter

import pytest

from demo_shop.faulty.answers import BOMB_CHUNKS, CHUNK, LARGE, bomb, placeholder
from demo_shop.faulty.faults import (
    ELSEWHERE,
    HARMLESS,
    KINDS,
    LASTING,
    PASSING,
    RENEWED,
    Faults,
)
from demo_shop.goods.repeated import Repeated
from demo_shop.running import RunningShop
from fashion_pggan.errors import UserError

KEYS = {"X-NCP-APIGW-API-KEY-ID": "demo", "X-NCP-APIGW-API-KEY": "demo"}
PRODUCTS = 400
GARMENTS = Repeated(PRODUCTS, 4)
SPEC = "7,share=0.04,calls=0.3,quota=12"


@pytest.fixture(scope="module")
def shop():
    options = ("--products", str(PRODUCTS), "--repeat", "4", "--faults", SPEC)
    with RunningShop(*options) as shop:
        yield shop


def _connect(shop, timeout=3.0):
    return http.client.HTTPConnection(urllib.parse.urlsplit(shop.url).netloc, timeout=timeout)


def _get(shop, path, **options):
    connection = _connect(shop, **options)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def _ledger(shop):
    return json.loads(_get(shop, "/faults")[2])


def _one(shop, kind, passes_after=None):
    """A product not asked for yet, with this fault."""
    for number, entry in _ledger(shop)["products"].items():
        if (entry["kind"], entry["passes_after"], entry["asked"]) == (kind, passes_after, 0):
            return int(number), entry["path"]
    raise AssertionError(f"no product has {kind} {passes_after}")


def _search(shop, start):
    query = urllib.parse.urlencode({"query": "shelf0", "display": 10, "start": start})
    request = urllib.request.Request(f"{shop.url}/search/v1/image?{query}", headers=KEYS)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.load(error)


def test_faults_are_a_function_of_the_seed_and_come_in_their_shares():
    faults = Faults.parse("3,share=0.02")
    seen = [faults.of(index) for index in range(20_000)]
    assert seen == [Faults.parse("3,share=0.02").of(index) for index in range(20_000)]
    assert seen != [Faults.parse("4,share=0.02").of(index) for index in range(20_000)]
    kinds = Counter(fault.kind for fault in seen if fault)
    assert kinds.keys() == KINDS.keys()
    assert all(300 < count < 500 for count in kinds.values())
    stay = Counter(fault.kind for fault in seen if fault and fault.passes_after is None)
    assert all(stay[kind] == kinds[kind] for kind in {**LASTING, **HARMLESS, **RENEWED})
    assert all(0.4 < stay[kind] / kinds[kind] < 0.6 for kind in PASSING)


def test_a_share_can_be_given_for_one_kind_alone():
    faults = Faults.parse("3,share=0,cut=0.5")
    assert Counter(fault.kind for index in range(1000) if (fault := faults.of(index))).keys() == {"cut"}


@pytest.mark.parametrize("text", ["", "x", "7,cut", "7,cut=x", "7,nothing=0.1", "7,share=0.9", "7,cut=-1"])
def test_a_wrong_description_of_faults_is_refused(text):
    with pytest.raises(UserError, match=f"--faults {text}"):
        Faults.parse(text)


@pytest.mark.parametrize(("kind", "status"), [("too_many", 429), ("error", 500), ("busy", 503)])
@pytest.mark.parametrize("passes_after", [None, 1, 2])
def test_statuses_pass_or_stay(shop, kind, status, passes_after):
    number, path = _one(shop, kind, passes_after)
    answers = [_get(shop, path) for _ in range(3)]
    failing = 3 if passes_after is None else passes_after
    assert [answer[0] for answer in answers] == [status] * failing + [200] * (3 - failing)
    assert (answers[0][1]["Retry-After"] == "1") == (kind == "busy")
    entry = _ledger(shop)["products"][str(number)]
    assert (entry["asked"], entry["delivered"]) == (3, 3 - failing)
    if failing < 3:
        assert answers[2][2] == GARMENTS.image(number)
        assert entry["sha256"] == hashlib.sha256(answers[2][2]).hexdigest()


def test_a_silent_product_never_answers(shop):
    with pytest.raises(TimeoutError):
        _get(shop, _one(shop, "silent")[1], timeout=1.0)


def test_a_dripping_product_sends_a_byte_at_a_time(shop):
    number, path = _one(shop, "drip")
    connection = _connect(shop)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert int(answer.headers["Content-Length"]) == len(GARMENTS.image(number))
    assert answer.read1() == GARMENTS.image(number)[:1]
    began = time.monotonic()
    assert len(answer.read1()) == 1
    assert time.monotonic() - began > 0.2
    connection.close()


def test_a_slow_product_is_whole_after_all(shop):
    number, path = _one(shop, "slow")
    began = time.monotonic()
    assert _get(shop, path, timeout=5.0)[2] == GARMENTS.image(number)
    assert 1 < time.monotonic() - began < 5


def test_a_reset_product_resets_the_connection(shop):
    with pytest.raises(ConnectionResetError):
        _get(shop, _one(shop, "reset")[1])


def test_a_cut_product_ends_before_its_length(shop):
    number, path = _one(shop, "cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        _get(shop, path)
    image = GARMENTS.image(number)
    assert caught.value.partial == image[: len(image) * 2 // 3]
    assert _ledger(shop)["products"][str(number)]["delivered"] == 0


def test_an_overlong_product_is_followed_by_what_nobody_asked_for(shop):
    number, path = _one(shop, "overlong")
    place = urllib.parse.urlsplit(shop.url)
    image, received = GARMENTS.image(number), b""
    with socket.create_connection((place.hostname, place.port), timeout=5.0) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        while not received.endswith(image + image[:1000]):
            received += connection.recv(65536)
    assert f"Content-Length: {len(image)}\r\n".encode() in received


def test_a_loop_leads_to_itself(shop):
    path = _one(shop, "loop")[1]
    for _ in range(3):
        status, headers, _body = _get(shop, path)
        assert status == 302
        assert urllib.parse.urlsplit(headers["Location"]).path == urllib.parse.urlsplit(path).path
        path = headers["Location"]


def test_redirects_lead_to_metadata_and_to_a_trap_that_counts(shop):
    status, headers, _ = _get(shop, _one(shop, "metadata")[1])
    assert (status, urllib.parse.urlsplit(headers["Location"]).hostname) == (302, "169.254.169.254")
    status, headers, _ = _get(shop, _one(shop, "loopback")[1])
    assert (status, urllib.parse.urlsplit(headers["Location"]).hostname) == (302, "127.0.0.2")
    before = _ledger(shop)["trespasses"]
    with urllib.request.urlopen(headers["Location"].split("/images")[0] + "/robots.txt", timeout=5):
        pass
    assert _ledger(shop)["trespasses"] == before + 1


def test_a_page_comes_in_place_of_an_image(shop):
    status, headers, body = _get(shop, _one(shop, "page")[1])
    assert (status, headers["Content-Type"]) == (200, "text/html")
    assert body.startswith(b"<!doctype html>")


def test_one_placeholder_comes_for_many_products(shop):
    entries = [entry for entry in _ledger(shop)["products"].values() if entry["kind"] == "placeholder"]
    bodies = {_get(shop, entry["path"])[::2] for entry in entries[:3]}
    assert bodies == {(200, placeholder())}


def test_an_expiring_address_works_once_a_later_answer_has_signed_it(shop):
    number, path = _one(shop, "expiring")
    links = []
    while len(links) < 2:
        start = 1
        while (answer := _search(shop, start))[0] != 200 or not any(
            path in item["link"] for item in answer[2]["items"]
        ):
            if answer[0] == 200:
                start += 10
            elif answer[2]["error"]["message"] == "Quota Exceeded":
                connection = _connect(shop)
                connection.request("POST", "/faults/next-day")
                connection.getresponse().read()
                connection.close()
        links += [item["link"] for item in answer[2]["items"] if path in item["link"]]
    paths = [urllib.parse.urlsplit(link)._replace(scheme="", netloc="").geturl() for link in links]
    assert len({*paths}) == 2
    assert [_get(shop, each)[0] for each in (path, *paths)] == [403, 403, 200]
    assert _get(shop, paths[1])[2] == GARMENTS.image(number)


def test_a_bomb_inflates_to_a_thousand_times_its_size(shop):
    status, headers, body = _get(shop, _one(shop, "bomb")[1])
    assert (status, headers["Content-Encoding"], body) == (200, "gzip", bomb())
    assert len(body) < 500_000
    with gzip.open(io.BytesIO(body)) as file:
        assert sum(len(chunk) for chunk in iter(lambda: file.read(1 << 24), b"")) == BOMB_CHUNKS * len(CHUNK)


@pytest.mark.parametrize("kind", ["large", "unannounced"])
def test_a_large_body_has_fifty_megabytes(shop, kind):
    status, headers, body = _get(shop, _one(shop, kind)[1], timeout=20.0)
    assert (status, len(body)) == (200, LARGE)
    assert ("Content-Length" in headers) == (kind == "large")


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("noai", "X-Robots-Tag", "noai"),
        ("noimageai", "X-Robots-Tag", "noimageai"),
        ("noindex", "X-Robots-Tag", "noindex"),
        ("tdm", "TDM-Reservation", "1"),
    ],
)
def test_owners_say_no_in_headers(shop, kind, name, value):
    number, path = _one(shop, kind)
    status, headers, body = _get(shop, path)
    assert (status, headers[name], body) == (200, value, GARMENTS.image(number))


def test_the_search_fails_as_the_gateway_does_then_is_out_of_quota_until_the_next_day(shop):
    bodies, start = {}, 0
    while len(bodies) < 4 and start < 40:
        start += 1
        while (answer := _search(shop, start))[0] != 200:
            bodies[answer[2]["error"]["errorCode"]] = answer[0]
            if answer[2]["error"]["message"] == "Quota Exceeded":
                assert _search(shop, start)[0] == 429  # until
                connection = _connect(shop)
                connection.request("POST", "/faults/next-day")
                assert connection.getresponse().status == 200
                connection.close()
    assert bodies == {"410": 429, "900": 500, "500": 503, "400": 429}


def test_a_shop_speaks_tls_with_a_certificate_that_clients_may_trust(tmp_path):
    file = tmp_path / "shop.pem"
    with RunningShop("--products", "3", "--repeat", "1", "--tls", str(file)) as shop:
        assert shop.url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(file))
        with urllib.request.urlopen(f"{shop.url}/robots.txt", timeout=5, context=trusting) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{shop.url}/robots.txt", timeout=5, context=ssl.create_default_context())
    assert b"PRIVATE" not in file.read_bytes()


def test_kinds_of_other_sites_need_these_sites():
    with pytest.raises(UserError, match="moved is of another site: give --sites FILE, too"):
        Faults.parse("7,moved=0.1")
    faults = Faults.parse("7,share=0.03", sites=True)
    found = [fault for index in range(2000) if (fault := faults.of(index))]
    assert {fault.kind for fault in found} == KINDS.keys() | ELSEWHERE.keys()
    assert all(fault.passes_after is None for fault in found if fault.kind in ELSEWHERE)
    ours = [Faults.parse("7").of(index) for index in range(500)]
    with_sites = [Faults.parse("7", sites=True).of(index) for index in range(500)]
    assert [one for one in ours if one] == [one for one in with_sites if one and one.kind in KINDS]
