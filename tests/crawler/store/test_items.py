"""The facts that a record keeps of a response."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from fashion_pggan.storage.records import RawImage, read_records

Crawl = Callable[..., dict[str, Any]]


def test_headers_are_kept_to_a_length(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.faults["/p/long"] = lambda request: web.Response(
        body=b"image",
        headers={"ETag": "e" * 7000, "X-Robots-Tag": "all, " * 1400, "Content-Type": "image/" + "x" * 7000},
    )
    assert crawl()["failed"] == {}
    records = read_records(tmp_path / "raw/records.parquet", RawImage)
    long = [record for record in records if record.url.endswith("/p/long")]
    assert [(len(record.etag), len(record.robots_tag), len(record.content_type)) for record in long] == [
        (500, 500, 500)
    ]
