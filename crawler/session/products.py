"""What a product is, as far as a search result tells. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from crawler.network.addresses import canonical_url, canonical_with_signature
from crawler.network.signatures import signs_path
from crawler.providers.api import Result
from crawler.store.items import SearchHit
from crawler.store.marks import mark_of

ADDRESSES_OF_A_PRODUCT = 5  # at one host, under which a shop may show one image of one product


def owner_of(found: Result | SearchHit) -> str:
    """A mark of the product of an image whose address holds a signature; empty for any other address.

    Where nothing is said of the product, its signature stands for it. Where a scheme signs the path, the path
    names the image by itself.
    """
    signed = canonical_with_signature(found.link)
    if signed == canonical_url(found.link) or signs_path(urlsplit(signed).query):
        return ""
    return mark_of(product_of(found) if found.source or found.title else signed).hex()


def product_of(found: Result | SearchHit) -> str:
    """A product is known by its page, else its title, else the address of its image without the query."""
    return _page(found.source) or _plain(found.title) or without_query(found.link)


def products_in(hits: Sequence[SearchHit]) -> int:
    """How many products some results are of, at least.

    Some lists have one title for all, so every five addresses at one host are a product, too.
    """
    hosts = Counter(urlsplit(hit.url).netloc for hit in hits)
    return max(len({product_of(hit) for hit in hits}), -(-max(hosts.values()) // ADDRESSES_OF_A_PRODUCT))


def without_query(url: str) -> str:
    """An address without what may change from answer to answer."""
    return url.partition("?")[0]


def _page(source: str) -> str:
    """A page's address without a signature; as it is where it is none."""
    try:
        return canonical_url(source)
    except ValueError:
        return source


def _plain(title: str) -> str:
    """Titles of one product differ in spaces and capitals, and in how they spell Hangul."""
    return " ".join(unicodedata.normalize("NFC", title).casefold().split())
