"""How much may be missing, and when a crawl is whole in spite of it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.answer.counts import Counts
from crawler.session.missing import complaint_about
from fashion_pggan.errors import PassingError, UserError
from tests.crawler.kept import raw

Crawl = Callable[..., dict[str, Any]]


def counts(*, fetched: int = 0, undecided: int = 0, **failed: int) -> Counts:
    passing = failed.get("UNREACHABLE", 0)
    return Counts(fetched=fetched, retryable=passing, undecided=undecided, failed=Counter(failed))


@pytest.mark.parametrize(
    ("counted", "most", "kind"),
    [
        (counts(fetched=40, undecided=60, UNREACHABLE=60), 1.0, PassingError),
        (counts(fetched=50, undecided=50, UNREACHABLE=50), 1.0, None),
        (counts(fetched=40, UNREACHABLE=60), 1.0, None),
        (counts(fetched=1, UNREACHABLE=99), 1.0, None),
        (counts(UNREACHABLE=100), 1.0, PassingError),  # the network may be down
        (counts(fetched=1, HTTP_404=99), 1.0, None),
        (counts(fetched=1, HTTP_404=99), 0.98, UserError),
        (counts(fetched=60, HTTP_404=40), 0.4, None),
        (counts(fetched=59, HTTP_404=41), 0.4, UserError),
        (counts(fetched=55, undecided=45, UNREACHABLE=45), 0.4, PassingError),
        (counts(fetched=1, TOO_SMALL=49, OPTED_OUT=25, ROBOTS=25), 0.0, None),
    ],
)
def test_what_may_be_missing(counted: Counts, most: float, kind: type[UserError] | None) -> None:
    assert type(complaint_about(counted, 100, most)) is (kind or type(None))


def test_the_complaint_names_the_parameter() -> None:
    with pytest.raises(
        UserError, match=r"41 of 100 images are missing \(HTTP_404 41\): .*max_missing, now 0.4"
    ):
        raise complaint_about(counts(fetched=59, HTTP_404=41), 100, 0.4) or AssertionError


@pytest.mark.parametrize(
    "fault",
    [
        lambda request: web.Response(status=500),
        lambda request: web.Response(status=502),
        lambda request: web.Response(status=200),  # EMPTY
        lambda request: web.Response(body=b"half", headers={"Content-Encoding": "gzip"}),  # BROKEN_TRANSFER
    ],
)
def test_a_list_of_which_most_is_gone_becomes_a_dataset_in_the_second_run_and_stays_one(
    shop: Any, crawl: Crawl, tmp_path: Path, fault: Callable[[web.Request], Any]
) -> None:
    (tmp_path / "list.txt").write_text("".join(f"{shop.address}/p/{i}.jpg\n" for i in range(30)))
    for i in range(20):
        shop.faults[f"/p/{i}.jpg"] = fault
    options = {"provider": "urls", "url_list": str(tmp_path / "list.txt"), "contact": "a@b.org", "retries": 0}
    with pytest.raises(PassingError, match="20 of 30 images could not be fetched now"):
        crawl(**options)
    assert not (tmp_path / "raw").exists()
    for run in (2, 3):
        figures = crawl(**options)
        assert (figures["images"], sum(figures["failed"].values()), figures["may_pass"]) == (10, 20, 20)
        assert len(raw(tmp_path)) == 10
        assert shop.requests["/p/0.jpg"] == run
        assert shop.requests["/p/29.jpg"] == 1
    shop.faults.clear()  # the hosts are back
    assert crawl(**options)["images"] == 30


def test_more_tries_may_be_asked_for(shop: Any, crawl: Crawl) -> None:
    for i in range(20):
        shop.faults[f"/p/{i}.jpg"] = lambda request: web.Response(status=500)
    for _ in range(2):
        with pytest.raises(PassingError):
            crawl(retries=0, tries=3)
    assert crawl(retries=0, tries=3)["images"] == 10
    assert shop.requests["/search/v1/image"] == 1


@pytest.mark.parametrize(
    ("gone", "most", "said"), [(10, 1.0, "none of the 10"), (6, 0.1, "6 of 10 images are miss")]
)
def test_a_crawl_that_ended_in_vain_is_not_resumed_and_images_that_come_back_are_fetched(
    shop: Any, crawl: Crawl, tmp_path: Path, gone: int, most: float, said: str
) -> None:
    (tmp_path / "list.txt").write_text("\n".join(f"{shop.address}/p/{i}.jpg" for i in range(10)))
    options = {"provider": "urls", "url_list": str(tmp_path / "list.txt"), "contact": "a@b.org"}
    for number in range(gone):
        shop.faults[f"/p/{number}.jpg"] = lambda request: web.Response(status=404)
    for _ in range(2):
        with pytest.raises(UserError, match=said):
            crawl(**options, max_missing=most)
    shop.faults.clear()
    crawl(**options, max_missing=most)
    assert len(raw(tmp_path)) == 10
