"""Scrapy's settings for every crawl; the spider adds those that params.yaml holds."""

import logging
from importlib.metadata import version
from typing import Any

from scrapy.logformatter import LogFormatter
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.log import get_scrapy_root_handler

from fashion_pggan.command.edge import Printable
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

BOT_NAME = "fashion-pggan"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.spiders.crawl"  # an exit status of our own

# asyncio only: the download handler needs it, and a process may crawl more than once
TWISTED_REACTOR_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = BOT_NAME
ROBOTSTXT_PARSER = "crawler.network.robots.rules.Rules"
REFERRER_POLICY = "no-referrer"  # an image's host must not learn the query; crawl.hosts may name a Referer
REDIRECT_MAX_TIMES = 5
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False  # HTML in place of an image is not followed
HTTPPROXY_ENABLED = True
DEFAULT_REQUEST_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}  # the original bytes
DOWNLOAD_FAIL_ON_DATALOSS = True  # a body shorter than its Content-Length is a failure
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_VERIFY_CERTIFICATES = True

DOWNLOADER = "crawler.network.downloader.StrictDownloader"
DOWNLOAD_HANDLERS = {
    **dict.fromkeys(("http", "https"), "crawler.network.handler.ImageHandler"),
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # Scrapy's own: never asked, so switched off
}
HTTPCACHE_POLICY = "crawler.answer.cached.SuccessPolicy"  # for who enables Scrapy's cache
FEED_EXPORTERS = {"csv": "crawler.store.feeds.EscapedCsv", "xml": "crawler.store.feeds.EmptyInXml"}
ITEM_PIPELINES = {"crawler.store.pipeline.StoreImages": 100}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # images are on any host
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.network.middlewares.Gate": 50,
    "crawler.network.robots.middleware.Robots": 100,
    "crawler.network.middlewares.PausingRetry": 550,
    "crawler.network.middlewares.Redirects": 600,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "crawler.network.proxies.Proxies": 750,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # the spider handles every status
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
EXTENSIONS = {
    "scrapy.extensions.logstats.LogStats": None,  # the spider shows its own progress
}
CONCURRENT_ITEMS = 1  # per response, which holds one image; Scrapy starts as many tasks for each
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # the spider knows every URL of the search
LOG_FORMATTER = "crawler.spiders.settings.QuietFormatter"

LOG_LEVEL = "INFO"  # of the crawl; Scrapy's own level is WARNING unless -L is given
LOG_VERSIONS: list[str] = []
STATS_DUMP = False

scrapys_log = logging.getLogger("scrapy")
TALKATIVE = (  # loggers of Scrapy that warn of failures; the crawl counts these
    "scrapy.downloadermiddlewares.httpcompression",
    "scrapy.downloadermiddlewares.robotstxt",
)


def quieten_scrapy(level_priority: int) -> None:
    """Show Scrapy's log from WARNING on, unless the user gave a log level."""
    if level_priority <= SETTINGS_PRIORITIES["project"]:
        scrapys_log.setLevel(logging.WARNING)
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def escape_log(settings: Any) -> None:
    """Have `scrapy crawl` write out control characters in its log, for a server may send some."""
    if (handler := get_scrapy_root_handler()) is not None:
        handler.setFormatter(Printable(settings["LOG_FORMAT"], settings["LOG_DATEFORMAT"]))


class QuietFormatter(LogFormatter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Makes no log line per image unless it is shown: it costs as much as writing a small image."""

    def crawled(self, request: Any, response: Any, spider: Any) -> Any:
        """The line of a response."""
        return super().crawled(request, response, spider) if _debugs() else None

    def dropped(self, item: Any, exception: Any, response: Any, spider: Any) -> Any:
        """The line of an image that is not stored; the crawl counts it."""
        return super().dropped(item, exception, response, spider) if _debugs() else None

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        """The line of an item."""
        return super().scraped(item, response, spider) if _debugs() else None


def _debugs() -> bool:
    return scrapys_log.isEnabledFor(logging.DEBUG)


def settings_of(params: CrawlParams) -> dict[str, Any]:
    """The settings that follow from params.yaml.

    Raises:
        UserError: the contact cannot be sent in a header.
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
        "AUTOTHROTTLE_ENABLED": not loopback,  # a host that slows down gets fewer requests
        "AUTOTHROTTLE_START_DELAY": params.delay_s,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(params.concurrent_per_host),
        "CRAWL_HOSTS": params.hosts,
        "CRAWL_PROVIDER": params.provider,
        "CRAWL_PATIENCE_S": params.patience_s,
        "CRAWL_OBEY_OPT_OUT": params.obey_opt_out,
        "CRAWL_MIN_SIDE": params.min_side,
        "CRAWL_MAX_PIXELS": params.max_pixels,
    }


def user_agent(contact: str) -> str:
    """The User-Agent, with a contact: `fashion-pggan/0.1.0 (+mail@example.org)`."""
    if not contact.isascii() or not contact.isprintable():
        raise UserError(
            f"crawl.contact {contact!r} cannot be sent in a header: use ASCII letters, digits and signs"
        )
    product = f"{BOT_NAME}/{version(BOT_NAME)}"
    return f"{product} (+{contact})" if contact else product
