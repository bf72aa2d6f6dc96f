"""Proxies of the environment, for all hosts but the demo shop's: a shop on this machine is asked directly."""

from typing import Any

from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware

from crawler.network.context import download_context_of
from crawler.network.public import named_port_of


class Proxies(HttpProxyMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's, which knows only `no_proxy`."""

    @classmethod
    def from_crawler(cls, crawler: Any) -> Any:
        """Make the middleware; Scrapy calls this."""
        made = super().from_crawler(crawler)
        made.crawler = crawler
        return made

    def process_request(self, request: Any, spider: Any = None) -> None:
        """Set the proxy of a request."""
        if named_port_of(request.url) in download_context_of(self.crawler).private_hosts:
            request.meta.pop("proxy", None)  # of the site that has redirected here
        else:
            super().process_request(request)
