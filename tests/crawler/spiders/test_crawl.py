"""The exit status of `scrapy crawl`."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.spiders.crawl import status_of
from fashion_pggan.errors import PassingError, UserError

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("status", "facts"),
    [
        (0, {"is_whole": True}),
        (0, {"dry_run": True}),
        (1, {"failure": UserError("no parameters")}),
        (1, {"failure": OSError(28, "No space left on device")}),
        (1, {"failure": RuntimeError("a bug")}),
        (75, {"failure": PassingError("the API cannot be reached")}),
        (75, {"reason": "closespider_itemcount"}),
        (130, {"reason": "shutdown"}),
    ],
)
def test_the_status_says_how_the_crawl_ended(status: int, facts: dict[str, Any]) -> None:
    spider = {"failure": None, "is_whole": False, "dry_run": False, "reason": "finished"}
    assert status_of(SimpleNamespace(**spider | facts)) == status


def test_scrapy_crawl_ends_with_that_status_and_the_one_error_line(
    tmp_path: Path, params_file: Callable[..., Path]
) -> None:
    places = {name: tmp_path / name for name in ("target", "store", "tombstones")}
    arguments = [f"-a{name}={place}" for name, place in (places | {"params": params_file()}).items()]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "naver_tops", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "FASHION_PGGAN_SHOP_URL": "http://127.0.0.1:1"},  # nobody is there
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == os.EX_TEMPFAIL
    assert done.stderr.count("ERROR") == done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["nobody"], ["naver_tops", "-sDOWNLOADER=no.such", "-adry_run=1"]])
def test_a_spider_or_a_setting_that_scrapy_does_not_know_is_one_line(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: Scrapy cannot crawl (")
    assert "Traceback" not in done.stderr
