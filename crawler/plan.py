"""Which search calls to make: pages of every query in turn, until each has no more."""

from collections.abc import Iterable

from crawler.naver import PAGE, WINDOW, Page, SearchCall


def first_calls(queries: Iterable[str], sort: str, size_filter: str) -> list[SearchCall]:
    """The first page of each distinct query, in the order given."""
    return [SearchCall(query, 1, PAGE, sort, size_filter) for query in dict.fromkeys(queries)]


def following(call: SearchCall, page: Page) -> SearchCall | None:
    """The call after `call`; None when its answer was the query's last page."""
    start = call.start + call.display
    if page.returned < call.display or start > page.total or start + call.display - 1 > WINDOW:
        return None
    return SearchCall(call.query, start, call.display, call.sort, call.filter)


def results_left(call: SearchCall, total: int) -> int:
    """How many results a query has from `call` on, as far as its total can be believed."""
    return max(0, min(total, WINDOW) - call.start + 1)
