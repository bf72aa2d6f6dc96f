"""The outcome of a crawl: what ends it, and what stays as it was."""

import errno
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from aiohttp import web

from crawler import stage
from crawler.store.store import Store
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.storage.locks import exclusive
from tests.crawler.kept import raw

Crawl = Callable[..., dict[str, Any]]


def test_a_list_of_nothing_but_broken_addresses_says_so(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    links = tmp_path / "links.txt"
    links.write_text(f"http://10.0.0.1/a.jpg\nfile:///etc/passwd\n{shop.address}/p/nowhere.jpg")
    with pytest.raises(
        ValueError, match=r"none of the 2 .*left out: BAD_ADDRESS 1.*: read in docs/reference/crawl.md"
    ):
        crawl(provider="urls", url_list=str(links), contact="mail@example.org")


JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


def test_an_empty_shop_is_an_error(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images = {}
    with pytest.raises(UserError, match="the search found no images for 셔츠, 니트: choose other"):
        crawl(queries=["셔츠", "니트"])
    assert not (tmp_path / "raw").exists()


def test_a_shop_whose_images_all_fail_is_an_error(shop: Any, crawl: Crawl) -> None:
    shop.faults, shop.images = {f"/p/{i}": lambda request: web.Response(status=403) for i in range(3)}, {}
    with pytest.raises(UserError, match=r"none of the 3 images found could be fetched \(HTTP_403 3\)"):
        crawl()


def test_a_full_disk_ends_the_crawl_and_the_next_one_needs_no_cleaning(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = Store.keep, []

    def keep(self: Store, fetched: Any) -> Any:
        if len(written) == 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(fetched.url)
        return real(self, fetched)

    monkeypatch.setattr(Store, "keep", keep)
    with pytest.raises(OSError, match="No space left on device"):
        crawl()
    assert not (tmp_path / "raw").exists()
    written.append("more")  # and room again
    figures = crawl()
    assert (figures["reused"], figures["fetched"]) == (10, 20)


def test_a_disk_that_fills_up_while_the_target_is_made_leaves_the_target_as_it_was(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl()
    before = raw(tmp_path)

    def fail(*arguments: object, **options: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    shop.images["/p/new.jpg"] = b"new"
    with monkeypatch.context() as patched:
        patched.setattr("crawler.store.raw.write_records", fail)
        with pytest.raises(OSError, match="No space left on device"):
            crawl()
    assert raw(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crawl.json", "params.yaml", "raw", "store"]
    assert len(crawl()) == len(json.loads((tmp_path / "crawl.json").read_text()))
    assert len(raw(tmp_path)) == 31


def test_a_journal_that_cannot_be_written_ends_the_crawl(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    shop.faults["/p/0.jpg"] = lambda request: web.Response(status=404)
    with monkeypatch.context() as patched:
        patched.setattr("crawler.plan.journal.Journal.gave_up", fail)
        with pytest.raises(OSError, match="No space left on device"):
            crawl()
    assert crawl()["images"] == 29


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("papers", r"holds thesis\.txt, which is not part of the outcome of a crawl: move it away, or give"),
        ("store", "would be read and written, or written twice"),
        ("store/raw", "overlap"),
        (".", "overlap"),
        ("papers/thesis.txt", "is a file: give a folder"),
    ],
)
def test_a_target_by_which_something_else_would_be_lost_is_refused_before_anything_is_asked(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path], target: str, text: str
) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match=text):
        stage.run(
            tmp_path / target,
            params=params_file(),
            store=tmp_path / "store",
            report=tmp_path / "crawl.json",
            tombstones=tmp_path / "tombstones.jsonl",
        )
    assert not shop.requests
    assert (tmp_path / "papers" / "thesis.txt").read_text() == "years of work"


def test_a_crawl_in_which_most_could_not_be_had_does_not_pass_for_the_whole(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl(max_products=3)
    down = [True]
    for path in list(shop.images)[3:20]:
        shop.faults[path] = lambda request: web.Response(
            status=500 if down else 200, body=JPEG + request.path.encode()
        )
    with pytest.raises(PassingError, match=r"17 of 30 images could not be fetched now \(HTTP_500 17\)"):
        crawl(retries=0)
    assert len(raw(tmp_path)) == 3
    down.clear()
    figures = crawl(retries=0)
    assert (figures["calls_now"], figures["fetched"], len(raw(tmp_path))) == (0, 17, 30)


def test_two_crawls_do_not_share_a_store(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.store.own.held.exclusive", partial(exclusive, wait_s=0.1))
    with exclusive(tmp_path / "store"), pytest.raises(UserError, match="store is in use by process"):
        crawl()
