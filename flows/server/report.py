"""The newest report, served on loopback beside Prefect's server, so that a link in Prefect's page opens it.

It has a port of its own: the page of Prefect's server holds its key, and shares it with no other page.
"""

import http.server
import logging
import os
import threading
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.loopback import HEADERS, refusal
from fashion_pggan.storage.bounded.plain_file import read_bytes

REPORT = Path("reports/report.html")  # as in dvc.yaml
VARIABLE = "FASHION_PGGAN_REPORT"  # tells the runs that a server starts where it is
MOST = 256 * 2**20  # bytes of a page
PLAIN = "text/plain"
IDLE_S = 30.0  # seconds that a connection may be silent

log = logging.getLogger(__name__)


def serve_report(api: str, report: Path = REPORT) -> str:
    """Serve a report while this process runs, at the port after that of Prefect's server.

    Args:
        api: the address of Prefect's API.
        report: the page; it may appear later.

    Returns:
        Its address, which is in the environment too; empty where that port is in use.
    """
    port = (urlsplit(api).port or 80) + 1
    os.environ.pop(VARIABLE, None)
    try:
        handler = partial(_Handler, report=report.absolute())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        log.warning("the report is not served, port %d cannot be used (%s): open %s", port, error, report)
        return ""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ[VARIABLE] = f"http://127.0.0.1:{port}/report.html"
    return os.environ[VARIABLE]


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = IDLE_S

    def __init__(self, *arguments: Any, report: Path) -> None:
        self.report = report
        super().__init__(*arguments)

    def do_GET(self) -> None:  # the name that http.server calls
        if why := refusal(self.command, {"Host": self.headers.get("Host", "")}):
            self._answer(403, why.encode())
        elif urlsplit(self.path).path in ("/", "/report.html"):
            self._answer(*self._page())
        else:
            self._answer(404, b"the report is at /report.html")

    def log_message(self, *arguments: object) -> None:
        """Requests are not logged."""

    def _page(self) -> tuple[int, bytes, str]:
        try:
            return 200, read_bytes(self.report, MOST), "text/html"
        except FileNotFoundError:
            return 404, b"no report yet: run the evaluate stage", PLAIN
        except (OSError, UserError) as error:
            return 500, one_line(error).encode(), PLAIN

    def _answer(self, status: int, body: bytes, kind: str = PLAIN) -> None:
        self.send_response(status)
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**HEADERS, **headers, "Cache-Control": "no-store"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
