"""One file that came for many products."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.session.placeholders import Askable, placeholders_of, undecided_of
from crawler.store.items import SearchHit
from crawler.store.stored import StoredImage
from fashion_pggan.errors import UserError
from tests.crawler.kept import raw

Crawl = Callable[..., dict[str, Any]]
GONE = b"\xff\xd8\xff\xe0 no image"
GIF = b"GIF89a one pixel"
HIT = SearchHit("https://a.example/0.jpg", "", "", "", "", 1, None, None, "")
IMAGE = StoredImage(
    url=HIT.url, sha256="a" * 64, file=f"images/aa/{'a' * 64}.jpg", size=9, content_type="", crawled_at=""
)


def hits(number: int, **same: str) -> list[SearchHit]:
    given = [replace(HIT, url=f"https://a.example/{i}.jpg", title=f"shirt {i}") for i in range(number)]
    return [replace(hit, **same) for hit in given]


def found_in(results: list[SearchHit], most: int = 10) -> list[tuple[int, int]]:
    files = placeholders_of(((hit, IMAGE) for hit in results), most)
    return [(len(file.hits), file.products) for file in files]


def test_a_file_of_more_products_than_may_share_it_is_a_placeholder() -> None:
    assert found_in(hits(10)) == []
    assert found_in(hits(11)) == [(11, 11)]
    assert found_in(hits(11), most=0) == []


def test_a_product_that_has_one_image_under_many_addresses_keeps_it() -> None:
    assert found_in(hits(30, title="shirt")) == []
    assert found_in(hits(30, title="", source="https://a.example/shirt")) == []
    versions = [replace(HIT, url=f"{HIT.url}?v={i}") for i in range(30)]
    assert found_in(versions) == []


def test_an_image_that_many_shops_show_under_one_title_stays() -> None:
    shops = [replace(HIT, url=f"https://{i}.example/1.jpg", title=f" Blue  {'SHIRT'}") for i in range(60)]
    assert found_in(shops) == []


def test_one_title_for_all_does_not_hide_a_placeholder() -> None:
    assert found_in(hits(100, title="shirt")) == [(100, 20)]
    assert found_in([replace(HIT, url=f"https://a.example/image.php?id={i}") for i in range(100)]) == [
        (100, 20)
    ]


def test_a_file_of_many_addresses_that_name_no_product_is_named() -> None:
    queries = [
        replace(HIT, url=f"https://a.example/img?id={i}", link=f"https://a.example/img?id={i}")
        for i in range(50)
    ]
    assert found_in(queries) == []
    assert [len(file.hits) for file in undecided_of(((hit, IMAGE) for hit in queries), 10)] == [50]
    assert undecided_of(((hit, IMAGE) for hit in queries[:10]), 10) == []
    assert undecided_of(((replace(hit, title="shirt"), IMAGE) for hit in queries), 10) == []
    assert undecided_of(((hit, IMAGE) for hit in queries), 0) == []


def test_stored_placeholders_are_asked_for_again_after_a_week() -> None:
    stored = [IMAGE.model_copy(update={"url": f"https://a.example/{i}.jpg"}) for i in range(11)]
    now = datetime.now(UTC)
    for days, asked in ((0, False), (6, False), (7, True)):
        at = (now - timedelta(days=days)).isoformat(timespec="seconds")
        assert (stored[0].model_copy(update={"crawled_at": at}) in Askable(stored, 10)) is asked
    assert stored[0] in Askable(stored, 10)  # nobody knows when
    assert stored[0] not in Askable(stored, 11)
    assert stored[0] not in Askable(stored, 0)


@pytest.fixture
def of_few_images(shop: Any) -> Any:
    """A shop of 6 images, 3 listings of one more, and three kinds of placeholder."""
    shop.images = {path: shop.images[path] for path in list(shop.images)[:6]}
    shop.images |= {f"/listed/{i}.jpg": b"\xff\xd8\xff\xe0 the same" for i in range(3)}
    shop.images |= {f"/gone/{i}.jpg": GONE for i in range(20)}
    shop.images |= {f"/pixel/{i}.gif": GIF for i in range(15)}
    return shop


def test_placeholders_are_left_out_named_and_not_asked_for_again_at_once(
    of_few_images: Any, crawl: Crawl, tmp_path: Path
) -> None:
    figures = crawl()
    assert (figures["images"], figures["files"], figures["failed"]) == (9, 7, {"PLACEHOLDER": 35})
    assert [row["addresses"] for row in figures["placeholders"]] == [20, 15]
    assert "/gone/" in figures["placeholders"][0]["example"]
    kept = {Path(image.url).parent.name for image in raw(tmp_path)}
    assert kept == {"p", "listed"}
    failed = (tmp_path / "store" / "failed.csv").read_text()
    assert failed.count("PLACEHOLDER") == 35
    again = crawl()
    assert (again["fetched"], again["images"], again["failed"]) == (0, 9, {"PLACEHOLDER": 35})


def test_a_parameter_keeps_placeholders(of_few_images: Any, crawl: Crawl) -> None:
    assert crawl(max_sharing=15)["failed"] == {"PLACEHOLDER": 20}
    assert crawl(max_sharing=0)["images"] == 44


def test_a_shop_that_answers_everything_with_one_file_is_an_error_that_names_it(
    shop: Any, crawl: Crawl
) -> None:
    shop.images = dict.fromkeys(shop.images, GONE)
    with pytest.raises(
        UserError, match=r"none of the 30 .*PLACEHOLDER 30; placeholder .*30 URLs of 30 products.*Referer"
    ):
        crawl()


def test_redirects_to_one_image_are_a_placeholder(shop: Any, crawl: Crawl) -> None:
    def home(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/no_image.jpg"})

    shop.faults = {f"/moved/{i}.jpg": home for i in range(12)}
    shop.faults["/no_image.jpg"] = lambda request: web.Response(body=GONE, content_type="image/jpeg")
    figures = crawl()
    assert (figures["images"], figures["failed"]) == (30, {"PLACEHOLDER": 13})


def test_a_list_of_one_file_alone_is_kept_with_a_warning(
    shop: Any, crawl: Crawl, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop.images = dict.fromkeys(shop.images, GONE)
    (tmp_path / "list.txt").write_text("".join(f"{shop.address}{path}\n" for path in shop.images))
    with caplog.at_level("WARNING"):
        figures = crawl(provider="urls", url_list=str(tmp_path / "list.txt"), contact="a@b.org")
    assert (figures["images"], figures["files"], figures["failed"]) == (30, 1, {})
    assert "leads to placeholders alone; all are kept" in caplog.text
