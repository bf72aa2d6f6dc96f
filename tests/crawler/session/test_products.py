"""One definition of a product, for placeholders and for fresh addresses."""

from dataclasses import replace

from crawler.providers.api import Page, Result
from crawler.session.products import product_of, products_in
from crawler.session.renewal import fresh_links
from crawler.store.items import SearchHit

HIT = SearchHit(
    "https://a.example/1.jpg", "https://a.example/1.jpg?k=1", "", "", "q | sim | all", 1, None, None, ""
)


def test_a_product_is_known_by_its_page_else_its_title_else_the_address_of_its_image() -> None:
    page = replace(HIT, source="https://shop.example/7", title="shirt")
    assert product_of(page) == product_of(replace(page, title="SHIRT, sale"))
    assert product_of(page) == product_of(replace(page, source="https://shop.example/7#reviews"))
    assert product_of(replace(page, source="no address")) == "no address"
    decomposed = "\u1109\u1167\u110e\u1173 Blue"
    assert product_of(replace(HIT, title=decomposed)) == product_of(replace(HIT, title="  셔츠  bLUE "))
    assert product_of(HIT) == product_of(replace(HIT, link="https://a.example/1.jpg?k=2"))
    assert product_of(HIT) != product_of(replace(HIT, link="https://a.example/2.jpg"))


def test_every_five_addresses_at_one_host_are_a_product_at_least() -> None:
    hits = [replace(HIT, url=f"https://a.example/{i}.jpg", title="shirt") for i in range(11)]
    assert [products_in(hits[:count]) for count in (1, 5, 6, 11)] == [1, 1, 2, 3]


def test_a_title_that_a_search_has_since_changed_hides_no_fresh_address_of_a_known_page() -> None:
    old = replace(HIT, source="https://shop.example/7", title="shirt")
    new = "https://a.example/1.jpg?k=2"
    page = Page(1, 1, (Result(1, "shirt, now 10 % off", new, None, None, old.source),))
    assert fresh_links(page, [old]) == {old.url: new}
    other = Page(1, 1, (Result(1, "shirt", new, None, None, "https://shop.example/8"),))
    assert fresh_links(other, [old]) == {}
