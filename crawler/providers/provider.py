"""The provider of a crawl: a search API with keys from the environment, the demo shop, or a list of URLs."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawler.network.public import named_port_of
from crawler.providers.api import ApiError, Keys, SearchApi, Trouble
from crawler.providers.kakao import KAKAO
from crawler.providers.naver import HUB, LEGACY
from crawler.providers.shop import SHOP_NAME, running_shop, without_empty_shelves
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

# environment variable: a running demo shop, such as http://127.0.0.1:8000
SHOP_URL = "FASHION_PGGAN_SHOP_URL"
SHOP_KEYS = Keys("demo", "demo")
NO_KEYS = Keys("", "")

REAL: dict[str, SearchApi] = {api.name: api for api in (HUB, LEGACY, KAKAO)}  # by crawl.provider

ADVICE = {
    Trouble.SPEED: "the search API still finds the crawl too fast: lower crawl.calls_per_s and run again",
    Trouble.SERVER: "the search API fails: run again later",
    Trouble.QUOTA: "the daily quota of search calls is used up: run again after 00:00 in Korea (15:00 UTC)"
    "; if it is the monthly quota, in the next month",
    Trouble.KEYS: "the search API refuses the keys: check {keys} in the environment",
    Trouble.PERMISSION: "the keys may not use image search: allow it for the application in its console",
    Trouble.CLOSED: "the search API no longer exists: choose another crawl.provider",
    Trouble.SHAPE: "the search API's answers have another shape: install a newer fashion-pggan",
    Trouble.REQUEST: "the search API calls the request malformed: report this as a bug of fashion-pggan",
}


@dataclass(frozen=True)
class Provider:
    """The search API of a crawl, and the URLs at which its images are fetched."""

    name: str
    api: SearchApi | None  # None: a list of URLs
    keys: Keys
    shop: str = ""  # the demo shop's, the only private URL that may be requested
    named_by_user: bool = False  # the user's own shop, whose links hold its real address
    products: int | None = None  # of the embedded shop

    def address_of(self, url: str) -> str:
        """The URL at which the image of a canonical URL is fetched."""
        is_shop = self.shop and not self.named_by_user and url.startswith(f"{SHOP_NAME}/")
        return self.shop + url.removeprefix(SHOP_NAME) if is_shop else url

    def name_of(self, address: str) -> str:
        """The URL as records hold it: with the shop's name in place of its changing port."""
        is_shop = self.shop and not self.named_by_user and address.startswith(f"{self.shop}/")
        return SHOP_NAME + address.removeprefix(self.shop) if is_shop else address

    @property
    def private(self) -> frozenset[str]:
        """Private hosts, with port, that may be requested: `127.0.0.1:8000`."""
        return frozenset({named_port_of(self.shop)}) if self.shop else frozenset()

    def asked_of(self, params: CrawlParams) -> CrawlParams:
        """Parameters without queries for shelves that the embedded shop does not fill."""
        if self.products is None:
            return params
        filled = without_empty_shelves(params.query_texts, self.products)
        return params.model_copy(update={"queries": filled})

    def advice_on(self, error: ApiError) -> str:
        """What an error of the API means, its text, and what to do."""
        what, _, mend = ADVICE[error.trouble].partition(": ")
        names = " and ".join(self.api.keys) if self.api else ""
        return f"{what} ({self.keys.hidden_in(str(error))}): {mend.format(keys=names)}"


def api_named(name: str) -> SearchApi | None:
    """The search API that crawl.provider names; None for `urls`."""
    return replace(HUB, name="demo") if name == "demo" else REAL.get(name)


def key_names(name: str) -> tuple[str, ...]:
    """The environment variables with the keys that a crawl.provider needs."""
    return tuple(REAL[name].keys) if name in REAL else ()


@contextmanager
def open_provider(params: CrawlParams, environment: Mapping[str, str]) -> Iterator[Provider]:
    """Open a provider; the demo shop runs until the block ends.

    Raises:
        UserError: keys, contact or shop are missing.
    """
    shop = _shop_in(environment)
    if params.provider == "urls":
        _check_contact(params)
        yield Provider("urls", None, NO_KEYS, shop, named_by_user=True)
    elif api := REAL.get(params.provider):
        _check_contact(params)
        yield Provider(params.provider, api, _keys_from(environment, api))
    elif shop:
        own = all(environment.get(name) for name in HUB.keys)
        yield _demo(shop, _keys_from(environment, HUB) if own else SHOP_KEYS, named_by_user=True)
    else:
        with running_shop(params) as (address, products):
            yield replace(_demo(address, SHOP_KEYS, named_by_user=False), products=products)


def _shop_in(environment: Mapping[str, str]) -> str:
    shop = environment.get(SHOP_URL, "").rstrip("/")
    if shop and not re.fullmatch(r"https?://[^/@]+:[0-9]+", shop):
        raise UserError(f"{SHOP_URL}={shop}: give scheme, host and port, such as http://127.0.0.1:8000")
    return shop


def _demo(shop: str, keys: Keys, *, named_by_user: bool) -> Provider:
    api = replace(HUB, name="demo", address=shop + urlsplit(HUB.address).path)
    return Provider("demo", api, keys, shop, named_by_user)


def _check_contact(params: CrawlParams) -> None:
    if not params.contact:
        raise UserError(
            "crawl.contact in params.yaml is empty: give a mail address or a page where shops can reach you"
        )


def _keys_from(environment: Mapping[str, str], api: SearchApi) -> Keys:
    values = {name: environment.get(name, "").strip() for name in api.keys}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise UserError(f"no {' and no '.join(missing)} in the environment: take it from {api.console}")
    for name, value in values.items():
        if not value.isascii() or not value.isprintable():
            raise UserError(f"{name} in the environment holds characters that no key has: copy it again")
    return Keys(*([""] * (2 - len(values))), *values.values())
