"""`scrapy crawl` with the exit status of `fashion-pggan crawl`; Scrapy's own is 0 however a crawl ends."""

import os
import signal
import sys
from argparse import Namespace
from typing import Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from fashion_pggan.errors import PassingError, one_line
from fashion_pggan.storage.escaped import printable_line


class Command(ScrapyCrawl):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy finds it by COMMANDS_MODULE and takes the module's name for the command's."""

    exitcode: int = 0

    def run(self, args: list[str], opts: Namespace) -> None:
        """Crawl, and keep the status for the end of the process."""
        if len(args) != 1:
            raise UsageError("give one spider: naver_tops")
        try:
            crawler = self._create_crawler(args[0])
            crawl = self.crawler_process.crawl(crawler, **opts.spargs)
            self.crawler_process.start()
            crawl.result()
        except Exception as error:  # of Scrapy itself: it has no such spider, or a setting that it cannot use
            print(
                f"error: Scrapy cannot crawl ({printable_line(one_line(error))}): correct the options",
                file=sys.stderr,
            )
            self.exitcode = 1
        else:
            self.exitcode = status_of(crawler.spider)


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
