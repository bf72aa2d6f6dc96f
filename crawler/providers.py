"""Who is asked: the embedded demo shop, started here, or Naver's API HUB with keys from the environment."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from crawler.naver import HUB, ApiError, Keys, Platform, Trouble
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

KEY_ID = "NAVER_API_KEY_ID"  # environment: the client ID of the application in the NAVER Cloud console
KEY = "NAVER_API_KEY"  # environment: its client secret
SHOP_URL = (
    "FASHION_PGGAN_SHOP_URL"  # environment: a demo shop that runs already, such as http://127.0.0.1:8000
)
SHOP_KEYS = Keys("demo", "demo")
SHOP_NAME = "http://demo-shop.localhost"  # what the shop calls itself: the same on every port it gets
SHOP_STOP_S = 5.0  # seconds

ADVICE = {
    Trouble.SPEED: "the search API still finds us too fast: raise crawl.delay_s and run again",
    Trouble.SERVER: "the search API fails: run again later",
    Trouble.QUOTA: "the daily quota of search calls is used up: run again after 00:00 in Korea (15:00 UTC)",
    Trouble.KEYS: f"the search API refuses the keys: check {KEY_ID} and {KEY} in the environment",
    Trouble.PERMISSION: "the keys may not use image search: allow it for the application in its console",
    Trouble.CLOSED: "there is no such search API: choose another crawl.provider",
    Trouble.REQUEST: "the search API calls our request malformed: report this as a fault of fashion-pggan",
}


@dataclass(frozen=True)
class Provider:
    """A search API, and where the pictures it links are fetched."""

    name: str
    platform: Platform
    keys: Keys
    shop: str = ""  # address that stands behind SHOP_NAME
    on_loopback: bool = False  # no throttle, no proxy

    def address_of(self, url: str) -> str:
        """Where the picture of a canonical URL is fetched."""
        is_shop = self.shop and url.startswith(f"{SHOP_NAME}/")
        return self.shop + url.removeprefix(SHOP_NAME) if is_shop else url


@contextmanager
def open_provider(params: CrawlParams, environment: Mapping[str, str]) -> Iterator[Provider]:
    """Get a provider ready; the demo shop runs until the block ends.

    Raises:
        UserError: keys, contact or the shop are missing; the text says which.
    """
    if params.provider == "naver_hub":
        yield _hub(params, environment)
    elif shop := environment.get(SHOP_URL, "").rstrip("/"):
        own = environment.get(KEY_ID) and environment.get(KEY)
        yield _demo(shop, _keys_from(environment) if own else SHOP_KEYS)
    else:
        with _running_shop(params) as shop:
            yield _demo(shop, SHOP_KEYS)


def advice_on(error: ApiError, keys: Keys) -> str:
    """What an error of the API means, what it said, and what to do about it."""
    what, _, mend = ADVICE[error.trouble].partition(": ")
    return f"{what} ({keys.hidden_in(str(error))}): {mend}"


def _hub(params: CrawlParams, environment: Mapping[str, str]) -> Provider:
    if not params.contact:
        raise UserError(
            "crawl.contact in params.yaml is empty: give a mail address or a page, by which shops reach you"
        )
    return Provider("naver_hub", HUB, _keys_from(environment))


def _demo(shop: str, keys: Keys) -> Provider:
    path = HUB.address.partition("ntruss.com")[2]
    return Provider("demo", replace(HUB, name="demo", address=shop + path), keys, shop, on_loopback=True)


def _keys_from(environment: Mapping[str, str]) -> Keys:
    values = {name: environment.get(name, "").strip() for name in (KEY_ID, KEY)}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise UserError(
            f"no {' and no '.join(missing)} in the environment: set the client ID as {KEY_ID} and the client "
            f"secret as {KEY}, from an application of NAVER API HUB"
        )
    for name, value in values.items():
        if not value.isascii() or not value.isprintable():
            raise UserError(f"{name} in the environment holds characters that no key has: copy it again")
    return Keys(values[KEY_ID], values[KEY])


@contextmanager
def _running_shop(params: CrawlParams) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "demo_shop",
        "--port",
        "0",
        "--public-url",
        SHOP_NAME,
        "--end-with-parent",
    ]
    command += (
        ["--pictures", params.shop_pictures]
        if params.shop_pictures
        else ["--products", str(params.shop_products)]
    )
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0) as shop,
    ):
        try:
            assert shop.stdout is not None  # because of PIPE
            line = shop.stdout.readline().strip()
            if not line.startswith("demo shop:"):
                shop.wait(SHOP_STOP_S)
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
                raise UserError(f"the demo shop did not start: {said[-1].removeprefix('error: ')}")
            yield line.rpartition(" ")[2].rstrip("/")
        finally:
            _end(shop)


def _end(shop: "subprocess.Popen[str]") -> None:
    shop.terminate()
    try:
        shop.wait(SHOP_STOP_S)
    except subprocess.TimeoutExpired:
        shop.kill()
