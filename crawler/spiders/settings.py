"""Scrapy's settings that hold for every crawl; those of params.yaml are added by the spider."""

import logging
from importlib.metadata import version
from typing import Any

from scrapy.logformatter import LogFormatter
from scrapy.settings import SETTINGS_PRIORITIES

from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

BOT_NAME = "fashion-pggan"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# asyncio alone: our download handler, and one process may crawl more than once
TWISTED_REACTOR_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = BOT_NAME
REFERRER_POLICY = "no-referrer"  # an image's host does not learn what was searched for
REDIRECT_MAX_TIMES = 5
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False  # HTML in place of an image is stored, not followed
HTTPPROXY_ENABLED = True
DEFAULT_REQUEST_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}  # the original bytes
DOWNLOAD_FAIL_ON_DATALOSS = True  # a body shorter than its Content-Length is a failure
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_VERIFY_CERTIFICATES = True

DOWNLOADER = "crawler.network.downloader.StrictDownloader"
DOWNLOAD_HANDLERS = dict.fromkeys(("http", "https"), "crawler.network.handler.ImageHandler")
ITEM_PIPELINES = {"crawler.store.pipeline.StoreImages": 100}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # images lie on any host
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.network.middlewares.Gate": 50,
    "crawler.network.middlewares.Robots": 100,
    "crawler.network.middlewares.PausingRetry": 550,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # the spider counts every status
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
EXTENSIONS = {
    "scrapy.extensions.logstats.LogStats": None,  # the spider shows its own progress
    "scrapy.extensions.memusage.MemoryUsage": None,
}
CONCURRENT_ITEMS = 1  # of one answer, which has one image; Scrapy makes as many tasks for each answer
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # the spider knows each address it has found
LOG_FORMATTER = "crawler.spiders.settings.QuietFormatter"

LOG_LEVEL = "INFO"  # of what the crawl says; Scrapy itself is heard from WARNING on, unless -L is given
LOG_VERSIONS: list[str] = []
STATS_DUMP = False

TALKATIVE = (  # loggers of Scrapy that warn of what the crawl counts
    "scrapy.downloadermiddlewares.httpcompression",
    "scrapy.downloadermiddlewares.robotstxt",
)


def quieten_scrapy(level_priority: int) -> None:
    """Let a person hear Scrapy from WARNING on, unless they gave a log level themselves."""
    if level_priority <= SETTINGS_PRIORITIES["project"]:
        logging.getLogger("scrapy").setLevel(logging.WARNING)
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)


class QuietFormatter(LogFormatter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """No line per image, unless somebody listens: making one costs as much as writing a small image."""

    def crawled(self, request: Any, response: Any, spider: Any) -> Any:
        """For an answer."""
        return super().crawled(request, response, spider) if _debugs() else None

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        """For an item."""
        return super().scraped(item, response, spider) if _debugs() else None


def _debugs() -> bool:
    return logging.getLogger("scrapy").isEnabledFor(logging.DEBUG)


def settings_of(params: CrawlParams) -> dict[str, Any]:
    """The settings that follow from params.yaml.

    Raises:
        UserError: the contact cannot stand in a header.
    """
    loopback = params.provider == "demo"
    return {
        "USER_AGENT": user_agent(params.contact),
        "CONCURRENT_REQUESTS": params.concurrent_requests,
        "CONCURRENT_REQUESTS_PER_DOMAIN": params.concurrent_per_host,
        "DOWNLOAD_DELAY": params.delay_s,
        "DOWNLOAD_TIMEOUT": params.timeout_s,
        "DOWNLOAD_MAXSIZE": params.max_bytes,
        "RETRY_TIMES": params.retries,
        "RETRY_GIVE_UP_LOG_LEVEL": "INFO",  # the spider counts it
        "AUTOTHROTTLE_ENABLED": not loopback,  # a host that slows down is asked less often
        "AUTOTHROTTLE_START_DELAY": params.delay_s,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(params.concurrent_per_host),
        "HTTPPROXY_ENABLED": not loopback,
        "CRAWL_OBEY_OPT_OUT": params.obey_opt_out,
        "CRAWL_MIN_SIDE": params.min_side,
        "CRAWL_MAX_PIXELS": params.max_pixels,
    }


def user_agent(contact: str) -> str:
    """Who we are and whom to ask: `fashion-pggan/0.1.0 (+mail@example.org)`."""
    if not contact.isascii() or not contact.isprintable():
        raise UserError(
            f"crawl.contact {contact!r} cannot stand in a header: use plain letters, digits, signs"
        )
    product = f"{BOT_NAME}/{version(BOT_NAME)}"
    return f"{product} (+{contact})" if contact else product
