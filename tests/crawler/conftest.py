"""A small shop on loopback that fails on demand, parameters for it, and crawls of it."""

import asyncio
import json
import logging
import runpy
import signal
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
import yaml
from aiohttp import web

from crawler import stage

REPOSITORY = Path(__file__).resolve().parents[2]
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


class Shop:
    """Images by path and a search that finds all of them; every request is counted by path."""

    def __init__(self) -> None:
        self.images: dict[str, bytes] = {f"/p/{i}.jpg": JPEG + b"%d" % i for i in range(30)}
        self.robots = ""
        self.robots_faults: list[int] = []  # statuses of its next answers
        self.requests: Counter[str] = Counter()
        self.headers: dict[str, list[dict[str, str]]] = {}
        self.search_faults: list[tuple[int, str]] = []  # status and body of the next search calls
        self.every_search: tuple[int, str] | None = None
        self.faults: dict[str, Callable[[web.Request], Any]] = {}  # by path
        self.quota_after: int | None = None  # search calls
        self.redirect_search = ""
        self.delay_s = 0.0  # seconds that every image takes
        self.raw_paths: list[str] = []  # as they were sent
        self.order: list[str] = []  # paths as they were asked for
        self.address = ""
        self.key = "demo"  # the right one
        self.sizes = ("0", "9")  # as search results declare them
        self.of_query: Callable[[str], list[str]] | None = None  # paths that a query finds; None: all
        self.answer_all: Callable[[web.Request], Any] | None = None  # answers all but robots.txt

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.requests[path] += 1
        self.order.append(path)
        self.raw_paths.append(request.raw_path)
        self.headers.setdefault(path, []).append(dict(request.headers))
        if path == "/search/v1/image":
            return self._search(request)
        if path == "/v2/search/image":
            return self._kakao_search(request)
        if path == "/robots.txt" and self.robots_faults:
            return web.Response(status=self.robots_faults.pop(0))
        if path == "/robots.txt":
            return web.Response(text=self.robots, status=200 if self.robots else 404)
        if self.answer_all is not None:
            return await self.answer_all(request)
        if path in self.faults:
            answer = self.faults[path](request)
            return await answer if asyncio.iscoroutine(answer) else answer
        await asyncio.sleep(self.delay_s)
        if path not in self.images:
            return web.Response(status=404)
        return web.Response(body=self.images[path], content_type="image/jpeg")

    def _search(self, request: web.Request) -> web.Response:
        if self.redirect_search:
            return web.Response(status=302, headers={"Location": self.redirect_search})
        if self.quota_after is not None and self.requests[request.path] > self.quota_after:
            error = {"errorCode": "400", "message": "Quota Exceeded", "details": ""}
            return web.json_response({"error": error}, status=429)
        if self.search_faults or self.every_search:
            status, text = self.search_faults.pop(0) if self.search_faults else self.every_search or (500, "")
            return web.Response(status=status, text=text)
        if request.headers.get("X-NCP-APIGW-API-KEY") != self.key:
            error = {
                "errorCode": "200",
                "message": "Authentication Failed",
                "details": "Invalid authentication",
            }
            return web.json_response({"error": error}, status=401)
        start, display = int(request.query["start"]), int(request.query["display"])
        paths = [*self.images, *(path for path in self.faults if path not in self.images)]
        if self.of_query is not None:
            paths = self.of_query(request.query["query"])
        items = [
            {
                "title": f"<b>{path}</b> &amp; co",
                "link": self.address + quote(path, safe="/%?&=:+"),
                "sizewidth": self.sizes[0],
                "sizeheight": self.sizes[1],
            }
            for path in paths[start - 1 : start - 1 + display]
        ]
        body = {"total": len(paths), "start": start, "display": len(items), "items": items}
        return web.Response(text=json.dumps(body), content_type="text/plain")

    def _kakao_search(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"KakaoAK {self.key}":
            return web.json_response({"errorType": "AccessDeniedError", "message": "no"}, status=401)
        first = (int(request.query["page"]) - 1) * int(request.query["size"])
        paths = list(self.images)[first : first + int(request.query["size"])]
        documents = [
            {"image_url": self.address + path, "width": 640, "height": 480, "doc_url": f"https://shop{path}"}
            for path in paths
        ]
        meta = {"pageable_count": len(self.images), "is_end": first + len(paths) >= len(self.images)}
        return web.json_response({"meta": meta, "documents": documents})

    def fetched(self) -> Counter[str]:
        return Counter({path: n for path, n in self.requests.items() if path.startswith("/p/")})


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop in a thread of its own; provider `demo` asks it."""
    shop, started, stop = Shop(), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        runner = web.ServerRunner(web.Server(shop.answer, access_log=None), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        shop.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(10)
    monkeypatch.setenv("FASHION_PGGAN_SHOP_URL", shop.address)
    yield shop
    loops[0].call_soon_threadsafe(stop.set)
    thread.join(10)


@pytest.fixture
def params_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a params.yaml: a preset's, with a crawl section for tests and the changes given."""

    def write(**changes: object) -> Path:
        values = yaml.safe_load((REPOSITORY / "presets" / "photos.yaml").read_text())
        quick = {
            "queries": ["셔츠"],
            "shop_images": "",
            "retries": 1,
            "patience_s": 5.0,
            "timeout_s": 5.0,
            "concurrent_requests": 8,
            "concurrent_per_host": 8,
        }
        values["crawl"] = {**values["crawl"], "max_products": 1000, "delay_s": 0.0, **quick, **changes}
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(values, allow_unicode=True))
        return path

    return write


@pytest.fixture
def crawl(tmp_path: Path, params_file: Callable[..., Path]) -> Callable[..., dict[str, Any]]:
    """Crawls into tmp_path/raw with the store tmp_path/store."""

    def run(**changes: object) -> dict[str, Any]:
        return stage.run(
            tmp_path / "raw",
            params=params_file(**changes),
            store=tmp_path / "store",
            report=tmp_path / "crawl.json",
            tombstones=tmp_path / "tombstones.jsonl",
        )

    return run


class Ended(NamedTuple):
    """How a command has ended, as its shell would see it."""

    status: int
    out: str
    errors: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs `python -m crawler ...` in this process, for a process of its own takes a second to import all."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["crawler", *map(str, arguments)])
        root, terminate, said, status = logging.getLogger(), signal.getsignal(signal.SIGTERM), "", 0
        handlers, level = root.handlers, root.level
        root.handlers = []  # the command sets its own
        capsys.readouterr()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of runpy, where a test has imported it
                runpy.run_module("crawler", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            said = f"{end.code}\n" if isinstance(end.code, str) else ""
            status = 1 if said else int(end.code or 0)
        finally:
            root.handlers, root.level = handlers, level
            signal.signal(signal.SIGTERM, terminate)
        out, errors = capsys.readouterr()
        return Ended(status, out, errors + said)

    return run


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.network.pacing.pauses.FIRST_PAUSE_S", 0.01)
