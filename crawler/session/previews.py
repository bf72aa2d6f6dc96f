"""Previews: images that came smaller than their links say. Pure."""

from crawler.answer.header import size_of
from crawler.network.addresses import urls_of, width_named_in
from crawler.store.items import FetchedImage, SearchHit
from crawler.store.stored import StoredImage


def side_of(hit: SearchHit) -> int:
    """The longer side in pixels that a search result or its link declares; 0 where neither does."""
    return max(hit.width or 0, hit.height or 0) or width_named_in(hit.link)


def is_smaller(size: tuple[int, int] | None, side: int) -> bool:
    """Whether an image is smaller than its link says; an unknown size is not."""
    return size is not None and max(size) < side


def larger_of(image: FetchedImage, other: FetchedImage | None) -> FetchedImage:
    """The larger of two copies of an image."""
    if other is None:
        return image
    return max((image, other), key=lambda each: max(size_of(each.fetched.body) or (0,)))


def was_linked_otherwise(stored: StoredImage, hit: SearchHit) -> bool:
    """Whether an image host's `type` was left out when this image was fetched, against its link.

    Crawls of early versions did so for every host of Naver's, and some serve previews then.
    """
    if not width_named_in(hit.link):
        return False
    asked = stored.redirects.split()[:1] or [stored.final_url or stored.url]
    return asked[0] not in urls_of(hit.link)
