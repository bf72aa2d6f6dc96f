"""The demo shop as a process that runs as long as the crawl."""

import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

SHOP_NAME = "http://demo-shop.localhost"  # the shop's name in links, the same on every port
SHOP_STOP_S = 5.0  # seconds
SAID_BYTES = 1 << 16  # of its warnings
SHELF = 1000  # products of a shelf; a folder's images lie on shelf0, shelf1, ...

log = logging.getLogger(__name__)


@contextmanager
def running_shop(params: CrawlParams) -> Iterator[tuple[str, int]]:
    """Start the shop that `params` describe; yields its URL, and how many products it has.

    Raises:
        UserError: it did not start; the text holds its error.
    """
    command = [sys.executable, "-m", "demo_shop", "--port", "0", "--public-url", SHOP_NAME]
    if params.shop_images:
        command += ["--images", params.shop_images]
    else:
        command += ["--products", str(params.shop_products)]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, env=owned(), stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0
        ) as shop,
    ):
        try:
            assert shop.stdout is not None  # because of PIPE
            line = shop.stdout.readline().strip()
            if not line.startswith("demo shop:"):
                shop.wait(SHOP_STOP_S)
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
                raise UserError(f"the demo shop did not start: {said[-1].removeprefix('error: ')}")
            for warning in os.pread(errors.fileno(), SAID_BYTES, 0).decode(errors="replace").splitlines():
                log.warning("demo shop: %s", warning)
            yield line.rpartition(" ")[2].rstrip("/"), int(line.split()[2])
        finally:
            _end(shop)


def without_empty_shelves(queries: Sequence[str], products: int) -> list[str]:
    """Queries without those for a shelf behind the last one; all of them where none would be left."""
    filled = -(-products // SHELF)
    shelves = {query: re.fullmatch(r"shelf(\d{1,9})", query) for query in queries}
    kept = [query for query, shelf in shelves.items() if shelf is None or int(shelf[1]) < filled]
    return kept or list(queries)


def _end(shop: "subprocess.Popen[str]") -> None:
    shop.terminate()
    try:
        shop.wait(SHOP_STOP_S)
    except subprocess.TimeoutExpired:
        shop.kill()
