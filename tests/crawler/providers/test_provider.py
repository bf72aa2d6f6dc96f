"""Providers: names, keys, advice on errors."""

from pathlib import Path

import pytest

from crawler.answer.failures import RefusedError
from crawler.network.public import check_address
from crawler.providers.api import ApiError, Keys, SearchApi, SearchCall, Trouble
from crawler.providers.kakao import KAKAO
from crawler.providers.naver import HUB, LEGACY
from crawler.providers.provider import ADVICE, Provider, api_named, open_provider
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params

PARAMS = Path(__file__).resolve().parents[3] / "params.yaml"
CALL = SearchCall("남자 셔츠", 161, 80, "date", "all")


def test_every_trouble_has_advice_that_names_the_keys_to_check_and_never_shows_them() -> None:
    for api in (HUB, LEGACY, KAKAO):
        provider = Provider(api.name, api, Keys("the-key-id", "the-secret"))
        for trouble in ADVICE:
            said = provider.advice_on(ApiError(trouble, 401, "024", "no the-secret of the-key-id"))
            assert "the-secret" not in said
            assert "the-key-id" not in said
        assert f"check {' and '.join(api.keys)} in" in provider.advice_on(ApiError(Trouble.KEYS, 401, "", ""))
    assert "the-secret" not in repr(provider)


@pytest.mark.parametrize("api", [HUB, LEGACY, KAKAO])
def test_every_api_is_found_by_the_name_that_params_have(api: SearchApi) -> None:
    assert api_named(api.name) == api


def test_the_old_platform_differs_in_address_headers_and_keys_alone() -> None:
    asked = LEGACY.request_of(CALL, Keys("id", "secret"))
    assert asked.url.startswith("https://openapi.naver.com/v1/search/image?query=")
    assert asked.headers == {"X-Naver-Client-Id": "id", "X-Naver-Client-Secret": "secret"}


@pytest.mark.parametrize("address", ["localhost:8000", "http://127.0.0.1", "http://127.0.0.1:80/shop", "x"])
def test_a_shop_that_runs_already_is_named_whole(address: str) -> None:
    with (
        pytest.raises(UserError, match=r"FASHION_PGGAN_SHOP_URL=.*: give scheme, host and port"),
        open_provider(load_params(PARAMS).crawl, {"FASHION_PGGAN_SHOP_URL": address}),
    ):
        pass


@pytest.mark.parametrize("name", ["127.0.0.1", "[::1]", "LOCALHOST", "127.1", "[0:0::1]"])
def test_a_shop_may_be_asked_however_its_host_is_spelt(name: str) -> None:
    shop = f"http://{name}:8000"
    with open_provider(load_params(PARAMS).crawl, {"FASHION_PGGAN_SHOP_URL": shop}) as provider:
        check_address(f"{shop}/a.jpg", provider.private)
        with pytest.raises(RefusedError):
            check_address(f"http://{name}:8001/a.jpg", provider.private)
