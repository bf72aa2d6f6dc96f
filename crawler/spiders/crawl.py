"""`scrapy crawl` with the exit status of `fashion-pggan crawl`; Scrapy's own is always 0."""

import os
import signal
from argparse import Namespace
from typing import Any

from scrapy.commands.crawl import Command as ScrapyCrawl

from fashion_pggan.errors import PassingError


class Command(ScrapyCrawl):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy finds it by COMMANDS_MODULE and takes the module's name for the command's."""

    exitcode: int = 0

    def run(self, args: list[str], opts: Namespace) -> None:
        """Crawl, and keep the status for the end of the process."""
        super().run(args, opts)
        self.exitcode = self.exitcode or status_of(self.crawler.spider)

    def _create_crawler(self, spidercls: Any) -> Any:
        self.crawler = super()._create_crawler(spidercls)
        return self.crawler


def status_of(spider: Any) -> int:
    """The exit status of a spider's crawl.

    It is 75 for a failure that may pass and for a crawl that a setting of Scrapy has stopped, 130 after
    Ctrl-C, 1 for every other failure.
    """
    if spider.failure is not None:
        return os.EX_TEMPFAIL if isinstance(spider.failure, PassingError) else 1
    if spider.is_whole or spider.dry_run:
        return 0
    return 128 + signal.SIGINT if spider.reason == "shutdown" else os.EX_TEMPFAIL
