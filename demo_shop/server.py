"""The shop's HTTP server: NAVER API HUB's search API, images, robots.txt, and a page for people."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, PackageLoader

from demo_shop.goods.catalogue import Catalogue
from demo_shop.search import Index, marked
from fashion_pggan.loopback import HEADERS, refusal

KEY_ID_HEADER, KEY_HEADER = "X-NCP-APIGW-API-KEY-ID", "X-NCP-APIGW-API-KEY"
KEY_ID = KEY = "demo"  # the only valid pair
SEARCH_PATH = "/search/v1/image"
KOREA = timezone(timedelta(hours=9))
OPENED = "Mon, 23 Nov 2026 00:00:00 GMT"  # the last change of every image
CACHED_BYTES = 256  # encoded images
CACHED_SEARCHES = 32  # queries kept: the pages of one query follow each other
THREADS = 2  # that draw or read images
IN_WINDOW = 120  # products shown on the page

ROBOTS = "User-agent: *\nAllow: /search\nAllow: /images\nDisallow: /private\n"
WINDOW = Environment(loader=PackageLoader("demo_shop", ""), autoescape=True)
SORTS = ("sim", "date")
FILTERS = ("all", "large", "medium", "small")


class ApiError(Exception):
    """An error answer of the API gateway."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"errorCode": code, "message": message, "details": details}}


class Query(NamedTuple):
    """A checked search request."""

    text: str
    display: int
    start: int
    sort: str
    filter: str


def query_of(parameters: Mapping[str, str]) -> Query:
    """Read and check a search request.

    Raises:
        ApiError: 400, in the gateway's form.
    """
    text = parameters.get("query", "").strip()
    if not text:
        raise ApiError(400, "100", "Bad Request Exception", "query is required")
    if parameters.get("format", "json") != "json":
        raise ApiError(400, "100", "Bad Request Exception", "this shop speaks format=json only")
    return Query(
        text,
        _number(parameters, "display", 10, 100),
        _number(parameters, "start", 1, 1000),
        _choice(parameters, "sort", SORTS),
        _choice(parameters, "filter", FILTERS),
    )


def _number(parameters: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = parameters.get(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= most):
        raise ApiError(400, "100", "Bad Request Exception", f"Invalid {name} value")
    return int(value)


def _choice(parameters: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = parameters.get(name, choices[0])
    if value not in choices:
        raise ApiError(400, "100", "Bad Request Exception", f"Invalid {name} value")
    return value


@dataclass(frozen=True)
class Body:
    """An encoded image."""

    data: bytes
    etag: str


class Shop:
    """Serves one catalogue.

    Args:
        catalogue: the products.
        public_url: the beginning of links; empty: the URL of the request.
    """

    def __init__(self, catalogue: Catalogue, public_url: str = "") -> None:
        self.catalogue = catalogue
        self.public_url = public_url.rstrip("/")
        self.names = {urlsplit(public_url).hostname or ""} - {""}  # requests may use them, and addresses
        self.index = Index.of(catalogue)
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="images")
        self._found = lru_cache(CACHED_SEARCHES)(self.index.search)
        self._body = lru_cache(CACHED_BYTES)(self._make_body)

    def application(self) -> web.Application:
        """The routes."""
        application = web.Application(middlewares=[_errors_as_json, self._guard])
        application.router.add_get(SEARCH_PATH, self.search)
        application.router.add_get("/images/{name}", self.image)
        application.router.add_get("/robots.txt", self.robots)
        application.router.add_get("/", self.page)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests from pages of other sites, and forbid these pages to show an image."""
        if why := refusal(request.method, request.headers, self.names):
            raise ApiError(403, "300", "Forbidden", why)
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    async def search(self, request: web.Request) -> web.Response:
        """Answer a search call."""
        if (request.headers.get(KEY_ID_HEADER), request.headers.get(KEY_HEADER)) != (KEY_ID, KEY):
            raise ApiError(401, "200", "Authentication Failed", "the key pair of this shop is demo, demo")
        query = query_of(request.query)
        found = self._found(query.text, query.sort, query.filter)
        shown = found[query.start - 1 : query.start - 1 + query.display]
        base = self.public_url or f"{request.scheme}://{request.host}"
        answer = {
            "lastBuildDate": format_datetime(datetime.now(KOREA)),
            "total": len(found),
            "start": query.start,
            "display": len(shown),
            "items": [self._item(number, query.text, base) for number in shown],
        }
        return web.Response(
            text=json.dumps(answer, ensure_ascii=False), content_type="text/plain", charset="UTF-8"
        )

    def _item(self, number: int, query: str, base: str) -> dict[str, str]:
        product = self.catalogue.product(number)
        link = base + self.path_of(number)
        return {
            "title": marked(product.title, query),
            "link": link,
            "thumbnail": f"{link}?type=b150",
            "sizeheight": str(product.height),
            "sizewidth": str(product.width),
        }

    async def image(self, request: web.Request) -> web.StreamResponse:
        """Send a product's image; only the number in its URL matters."""
        number = self.number_of(request)
        product = self.catalogue.product(number)
        body = await self.body_of(number)
        headers = {"ETag": body.etag, "Last-Modified": OPENED, "Content-Type": product.content_type}
        if request.headers.get("If-None-Match") == body.etag:
            return web.Response(status=304, headers={"ETag": body.etag})
        return web.Response(body=body.data, headers=headers)

    def number_of(self, request: web.Request) -> int:
        """The number of the requested product.

        Raises:
            ApiError: 404, there is no such product.
        """
        number = request.match_info["name"].partition("-")[0]
        if not (
            number.isascii() and number.isdigit() and len(number) < 10 and int(number) < len(self.catalogue)
        ):
            raise ApiError(404, "300", "Not Found Exception", "no such image")
        return int(number)

    async def body_of(self, number: int) -> Body:
        """A product's image, made in a thread unless it is cheap."""
        if etag := self.catalogue.product(number).etag:
            return Body(self.catalogue.image(number), etag)
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._body, number)

    def _make_body(self, number: int) -> Body:
        data = self.catalogue.image(number)
        return Body(data, f'"{hashlib.sha256(data).hexdigest()}"')

    async def robots(self, request: web.Request) -> web.Response:
        """Send robots.txt."""
        return web.Response(text=ROBOTS)

    async def page(self, request: web.Request) -> web.Response:
        """Send the page for people."""
        numbers = range(min(IN_WINDOW, len(self.catalogue)))
        goods = [(self.catalogue.product(number).title, self.path_of(number)) for number in numbers]
        text = WINDOW.get_template("window.html.j2").render(total=len(self.catalogue), goods=goods)
        return web.Response(text=text, content_type="text/html")

    def path_of(self, number: int) -> str:
        """The path of a product's image."""
        name = quote(self.catalogue.product(number).file_name, safe="")
        return f"/images/{number:06d}-{name}"


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response(error.body, status=error.status, headers=HEADERS)
    except web.HTTPException as error:
        body = {"error": {"errorCode": "300", "message": error.reason, "details": ""}}
        return web.json_response(
            body, status=error.status, headers={"Allow": error.headers.get("Allow", "GET"), **HEADERS}
        )
