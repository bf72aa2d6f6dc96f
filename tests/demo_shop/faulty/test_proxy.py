"""Other sites of a shop with faults: https alone, each with a certificate of its own, behind a proxy."""

import http.client
import json
import ssl
import urllib.parse
import urllib.request

import pytest

from demo_shop.faulty.faults import ELSEWHERE, SITES, UNTRUSTED
from demo_shop.goods.repeated import Repeated
from demo_shop.running import RunningShop

KEYS = {"X-NCP-APIGW-API-KEY-ID": "demo", "X-NCP-APIGW-API-KEY": "demo"}
SAYS = {"expired": "has expired", "other_name": "Hostname mismatch", "self_signed": "self-signed certificate"}


def asked(shop, path):
    with urllib.request.urlopen(urllib.request.Request(shop.url + path, headers=KEYS), timeout=10) as answer:
        return json.load(answer)


def test_other_sites_have_certificates_of_their_own_behind_a_proxy(tmp_path):
    file, garments = tmp_path / "sites.pem", Repeated(30, 1)
    spec = "7,share=0," + ",".join(f"{kind}=0.2" for kind in ELSEWHERE)
    trusting = ("--sites", str(file), "--products", "30", "--repeat", "1", "--faults", spec)
    with RunningShop(*trusting) as shop:
        ledger = asked(shop, "/faults")
        proxy = urllib.parse.urlsplit(ledger["proxy"])
        context = ssl.create_default_context(cafile=str(file))
        for kind, name in SITES.items():
            number, path = next(
                (int(number), entry["path"])
                for number, entry in ledger["products"].items()
                if entry["kind"] == kind
            )
            plain = http.client.HTTPConnection(urllib.parse.urlsplit(shop.url).netloc, timeout=5)
            plain.request("GET", path)
            moved = plain.getresponse()
            assert (moved.status, moved.headers["Location"]) == (302, f"https://{name}{path}")
            plain.close()
            connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=5, context=context)
            connection.set_tunnel(name)
            try:
                if kind in UNTRUSTED:
                    with pytest.raises(ssl.SSLCertVerificationError, match=SAYS[kind]):
                        connection.request("GET", path)
                else:
                    connection.request("GET", path)
                    assert connection.getresponse().read() == garments.image(number)
            finally:
                connection.close()
        links = {item["link"] for item in asked(shop, "/search/v1/image?query=shelf0&display=30")["items"]}
        assert any(link.startswith(f"https://{SITES['other_site']}/images/") for link in links)
        connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=5, context=context)
        connection.set_tunnel("elsewhere.example")
        with pytest.raises(OSError, match="403"):
            connection.request("GET", "/")
        connection.close()
