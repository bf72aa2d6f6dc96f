"""Who is asked: a search API with keys from the environment, the embedded demo shop, or a list of addresses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawler.api import ApiError, Keys, SearchApi, Trouble
from crawler.kakao import KAKAO
from crawler.naver import HUB, LEGACY, Platform
from crawler.shop import SHOP_NAME, running_shop
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

SHOP_URL = (
    "FASHION_PGGAN_SHOP_URL"  # environment: a demo shop that runs already, such as http://127.0.0.1:8000
)
SHOP_KEYS = Keys("demo", "demo")
NO_KEYS = Keys("", "")

ADVICE = {
    Trouble.SPEED: "the search API still finds us too fast: lower crawl.calls_per_s and run again",
    Trouble.SERVER: "the search API fails: run again later",
    Trouble.QUOTA: "the daily quota of search calls is used up: run again after 00:00 in Korea (15:00 UTC)",
    Trouble.KEYS: "the search API refuses the keys: check {keys} in the environment",
    Trouble.PERMISSION: "the keys may not use image search: allow it for the application in its console",
    Trouble.CLOSED: "there is no such search API: choose another crawl.provider",
    Trouble.REQUEST: "the search API calls our request malformed: report this as a fault of fashion-pggan",
}


@dataclass(frozen=True)
class Provider:
    """Whom a crawl asks, and where the pictures that it links are fetched."""

    name: str
    api: SearchApi | None  # None: a list of addresses, which answers by itself
    keys: Keys
    shop: str = ""  # the address that stands behind SHOP_NAME, and the one private one that may be asked
    on_loopback: bool = False  # no throttle, no proxy

    def address_of(self, url: str) -> str:
        """Where the picture of a canonical URL is fetched."""
        is_shop = self.shop and url.startswith(f"{SHOP_NAME}/")
        return self.shop + url.removeprefix(SHOP_NAME) if is_shop else url

    @property
    def private(self) -> frozenset[str]:
        """Hosts with their port, `127.0.0.1:8000`, that may be asked though they are private."""
        return frozenset({urlsplit(self.shop).netloc}) if self.shop else frozenset()

    def advice_on(self, error: ApiError) -> str:
        """What an error of the API means, what it said, and what to do about it."""
        what, _, mend = ADVICE[error.trouble].partition(": ")
        names = " and ".join(self.api.keys) if self.api else ""
        return f"{what} ({self.keys.hidden_in(str(error))}): {mend.format(keys=names)}"


def api_named(name: str) -> SearchApi | None:
    """The search API that crawl.provider names; the demo shop speaks as NAVER API HUB does."""
    apis: dict[str, SearchApi] = {"demo": replace(HUB, name="demo"), "naver_hub": HUB}
    return {**apis, "naver_legacy": LEGACY, "kakao": KAKAO}.get(name)


@contextmanager
def open_provider(params: CrawlParams, environment: Mapping[str, str]) -> Iterator[Provider]:
    """Get a provider ready; the demo shop runs until the block ends.

    Raises:
        UserError: keys, contact or the shop are missing; the text says which.
    """
    if params.provider != "demo":
        if not params.contact:
            raise UserError(
                "crawl.contact in params.yaml is empty: give a mail address or a page, by which shops reach you"
            )
        api = api_named(params.provider)
        yield Provider(params.provider, api, _keys_from(environment, api) if api else NO_KEYS)
    elif shop := environment.get(SHOP_URL, "").rstrip("/"):
        own = all(environment.get(name) for name in HUB.keys)
        yield _demo(shop, _keys_from(environment, HUB) if own else SHOP_KEYS)
    else:
        with running_shop(params) as shop:
            yield _demo(shop, SHOP_KEYS)


def _demo(shop: str, keys: Keys) -> Provider:
    path = urlsplit(HUB.address).path
    api: Platform = replace(HUB, name="demo", address=shop + path)
    return Provider("demo", api, keys, shop, on_loopback=True)


def _keys_from(environment: Mapping[str, str], api: SearchApi) -> Keys:
    values = {name: environment.get(name, "").strip() for name in api.keys}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise UserError(f"no {' and no '.join(missing)} in the environment: take it from {api.console}")
    for name, value in values.items():
        if not value.isascii() or not value.isprintable():
            raise UserError(f"{name} in the environment holds characters that no key has: copy it again")
    return Keys(*([""] * (2 - len(values))), *values.values())
