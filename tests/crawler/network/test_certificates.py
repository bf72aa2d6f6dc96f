"""Real servers on loopback whose certificates are not trusted: each failure has a reason of its own."""

import csv
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.network.handler import ImageHandler
from demo_shop.certificate import LOCAL, context_of, new_pair, write_trusted
from tests.crawler.conftest import JPEG

Crawl = Callable[..., dict[str, Any]]
CERTIFICATES = {  # names, days that it is valid, whether it is trusted
    "": (LOCAL, 2, True),
    "CERTIFICATE_EXPIRED": (LOCAL, -1, True),
    "CERTIFICATE_SELF_SIGNED": (LOCAL, 2, False),
    "CERTIFICATE_OTHER_NAME": (("elsewhere.example",), 2, True),
}


class _Images(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Length", str(len(JPEG)))
        self.end_headers()
        self.wfile.write(JPEG)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:  # clients go away during the handshake: that is the test
        pass


@contextmanager
def site(context: ssl.SSLContext) -> Iterator[str]:
    """The address of a server with a certificate."""
    with _Server(("127.0.0.1", 0), _Images) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A site for each reason, by it; the one without a reason is trusted."""
    pairs = {reason: new_pair(names, days) for reason, (names, days, _) in CERTIFICATES.items()}
    trusted = [pairs[reason][0] for reason, (_, _, is_trusted) in CERTIFICATES.items() if is_trusted]
    write_trusted(tmp_path / "trusted.pem", trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    with ExitStack() as stack:
        found = {reason: stack.enter_context(site(context_of(*pair))) for reason, pair in pairs.items()}
        ports = frozenset(urlsplit(address).netloc for address in found.values())
        monkeypatch.setattr(ImageHandler, "_private", lambda self: ports)
        yield found


def test_a_certificate_is_refused_for_what_is_wrong_with_it(
    sites: dict[str, str], crawl: Crawl, tmp_path: Path
) -> None:
    links = [f"{address}/p/{number}.jpg" for address in sites.values() for number in range(2)]
    (tmp_path / "list.txt").write_text("\n".join(links))
    figures = crawl(provider="urls", url_list=str(tmp_path / "list.txt"), contact="a@b.org", retries=0)
    reasons = CERTIFICATES.keys() - {""}
    assert (figures["images"], figures["failed"]) == (2, dict.fromkeys(reasons, 2))
    with (tmp_path / "store" / "failed.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    hosts = {urlsplit(address).netloc: reason for reason, address in sites.items()}
    assert {row["reason"] for row in rows} == reasons
    assert all(hosts[urlsplit(row["url"]).netloc] == row["reason"] for row in rows)
