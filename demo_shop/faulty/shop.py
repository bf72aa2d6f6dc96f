"""A shop with faults: answers as faults.py decides, and keeps a ledger of every product."""

import hashlib
import json
from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler

from demo_shop.faulty.answers import ANSWERS, RETRY_AFTER, TRAP, Order, as_it_is
from demo_shop.faulty.faults import SITES, Fault, Faults
from demo_shop.goods.catalogue import Catalogue
from demo_shop.server import ApiError, Shop

QUOTA = (429, "400", "Quota Exceeded", "POST /faults/next-day begins another day")
SIGNED_AT = 1_764_000_000  # seconds since 1970
CALLS: dict[str, tuple[int, str, str, str]] = {
    "speed": (429, "410", "Throttle Limited", ""),
    "api_error": (500, "900", "Unexpected Error", ""),
    "api_busy": (503, "500", "Endpoint Error", ""),
}


class FaultyShop(Shop):
    """Serves one catalogue, with faults.

    Args:
        catalogue: the products.
        faults: which products and calls have which fault.
        public_url: the beginning of links; empty: the URL of the request.
    """

    def __init__(self, catalogue: Catalogue, faults: Faults, public_url: str = "") -> None:
        super().__init__(catalogue, public_url)
        self.faults = faults
        self.names |= {*SITES.values()}
        self.proxy = ""  # the URL of the proxy that leads to other sites
        self.calls: Counter[str] = Counter()  # attempts, by parameters
        self.calls_today = self.trespasses = 0
        self.signed: Counter[int] = Counter()  # search answers with a signed address, by product
        self.asked: Counter[int] = Counter()  # requests by product, each redirect included
        self.delivered: Counter[int] = Counter()  # whole answers of status 200, by product
        self.digests: dict[int, str] = {}  # SHA-256 of such an answer

    def application(self) -> web.Application:
        """The routes of a shop and of the ledger."""
        application = super().application()
        application.middlewares.append(self._see_trespass)
        application.router.add_get("/faults", self.ledger)
        application.router.add_post("/faults/next-day", self.next_day)
        return application

    async def search(self, request: web.Request) -> web.Response:
        """Answer a search call: out of quota, with a fault, or correctly."""
        if self.faults.quota and self.calls_today >= self.faults.quota:
            raise ApiError(*QUOTA)
        self.calls_today += 1
        call = json.dumps(sorted(request.query.items()))
        attempt, fault = self.calls[call], self.faults.of_call(call)
        self.calls[call] += 1
        if fault is None or not fault.strikes(attempt):
            return await super().search(request)
        error = ApiError(*CALLS[fault.kind])
        headers = RETRY_AFTER if fault.kind == "api_busy" else None
        return web.json_response(error.body, status=error.status, headers=headers)

    def _item(self, number: int, query: str, base: str) -> dict[str, str]:
        item = super()._item(number, query, base)
        fault = self.faults.of(number)
        if fault is not None and fault.kind == "expiring":
            self.signed[number] += 1
            at = self.signed[number]
            item["link"] += f"?expires={SIGNED_AT + at}&token=t{at}"
        elif fault is not None and fault.kind == "other_site":
            item["link"] = f"https://{SITES[fault.kind]}{self.path_of(number)}"
        return item

    async def image(self, request: web.Request) -> web.StreamResponse:
        """Send a product's image; the fault depends on the product and the number of requests for it."""
        number = self.number_of(request)
        attempt, fault = self.asked[number], self.faults.of(number)
        self.asked[number] += 1
        body = await self.body_of(number)
        headers = {"ETag": body.etag, "Content-Type": self.catalogue.product(number).content_type}
        order = Order(request, body.data, headers, lambda data: self._delivered(number, data))
        answer = ANSWERS[fault.kind] if fault and fault.strikes(attempt) else as_it_is
        try:
            return await answer(order)
        except ConnectionError:  # the client has left
            return web.Response(status=499)

    async def ledger(self, request: web.Request) -> web.Response:
        """Send the ledger, for tests: requested or faulty products, calls, trespasses, the proxy."""
        faults = {number: self.faults.of(number) for number in range(len(self.catalogue))}
        products = {
            number: self._entry(number, fault)
            for number, fault in faults.items()
            if fault or self.asked[number]
        }
        figures = {"calls": self.calls.total(), "trespasses": self.trespasses, "proxy": self.proxy}
        return web.json_response({**figures, "products": products})

    async def next_day(self, request: web.Request) -> web.Response:
        """Reset the daily quota."""
        self.calls_today = 0
        return web.json_response({"calls_today": 0})

    def _delivered(self, number: int, data: bytes) -> None:
        self.digests[number] = hashlib.sha256(data).hexdigest()
        self.delivered[number] += 1

    def _entry(self, number: int, fault: Fault | None) -> dict[str, object]:
        return {
            "path": self.path_of(number),
            "kind": fault.kind if fault else "",
            "passes_after": fault.passes_after if fault else 0,
            "asked": self.asked[number],
            "delivered": self.delivered[number],
            "sha256": self.digests.get(number, ""),
        }

    @web.middleware
    async def _see_trespass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport and request.transport.get_extra_info("sockname")[0] == TRAP:
            self.trespasses += 1
        return await handler(request)
