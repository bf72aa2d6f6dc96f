"""The search client: makes calls within rate and quota, retries them, and never shows the keys."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy import Request

from crawler.answer.counts import Counts
from crawler.answer.failures import reason_of
from crawler.answer.plural import many
from crawler.network.pacing.pauses import LONGEST_PAUSE_S, pause_before, retry_after_s
from crawler.providers.api import (
    OF_ONE_QUERY,
    PASSING,
    RETRIED,
    ApiError,
    Page,
    SearchApi,
    SearchCall,
    Trouble,
)
from crawler.providers.provider import Provider
from crawler.providers.quota import (
    DailyCalls,
    TokenBucket,
    calls_a_day,
    calls_per_s,
    seconds_to_midnight_in_korea,
)
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.params import CrawlParams

ANSWER_BYTES = 8 * 1024 * 1024  # of the longest answer
SPEED_RETRIES = 6  # at least, when told to slow down: waiting helps there
SHAPE_RETRIES = 1  # of an answer that is not understood
AFTER_MIDNIGHT_S = 60.0  # seconds, because clocks differ
KEPT = "fetched images are kept"

log = logging.getLogger(__name__)


class FailedCallError(PassingError):
    """The API answers, and fails at this call."""


class SearchClient:
    """Makes search calls.

    Args:
        params: rate, quota and retries.
        provider: the API's keys and its name in messages.
        api: makes requests and reads answers.
        counts: counts calls and bad queries.
        download: sends a Scrapy request through the downloader's middlewares.
        folder: holds calls.json, the calls of the day.
    """

    def __init__(
        self,
        params: CrawlParams,
        provider: Provider,
        api: SearchApi,
        counts: Counts,
        download: Callable[[Request], Awaitable[Any]],
        folder: Path,
    ) -> None:
        self.params, self.provider, self.api = params, provider, api
        self.counts, self.download = counts, download
        self.bucket = TokenBucket(calls_per_s(params))
        self.most_a_day = calls_a_day(params, api)
        self.daily_calls = DailyCalls(folder / "calls.json", provider)

    async def page(self, call: SearchCall) -> Page | None:
        """The answer to a call; None when the API has nothing (more) for this query.

        An answer that is not understood, asked for twice, is an empty page with its shape.

        Raises:
            UserError: the API has stopped answering; part of a crawl must not pass as a complete one.
        """
        attempts = 0
        while True:
            answer, headers = await self._ask(call)
            if isinstance(answer, Page):
                return answer
            if answer.trouble in OF_ONE_QUERY:
                self._left_out(call, answer)
                return None
            if answer.trouble is Trouble.QUOTA and self.params.wait_for_quota:
                await self._wait_for_midnight()
                continue
            if answer.rest is not None and attempts >= self.params.retries:
                taken = many(len(answer.rest.results), "result")
                log.warning("%s: the answer is damaged: taking %s of it", call, taken)
                return replace(answer.rest, damaged=True)
            if answer.trouble is Trouble.SHAPE and attempts >= SHAPE_RETRIES:
                return Page(
                    None, 0, (), shape=answer.message
                )  # the frontier judges whether the API has changed
            if answer.trouble not in RETRIED or attempts >= self._most(answer):
                raise self.error_of(answer)
            attempts += 1
            if answer.trouble is Trouble.SPEED:
                self.bucket.slow_down()
            if retry_after_s(headers.get("Retry-After") or b"") > LONGEST_PAUSE_S:
                raise self.error_of(answer, of_one_call=False)
            await asyncio.sleep(pause_before(attempts, headers))

    async def _ask(self, call: SearchCall) -> tuple[Page | ApiError, Any]:
        if self.daily_calls.made_today() >= self.most_a_day:
            return ApiError(Trouble.QUOTA, 0, "", "the limit crawl.daily_calls is reached"), {}
        await self.bucket.take()
        asked = self.api.request_of(call, self.provider.keys)
        meta = {
            "dont_redirect": True,  # the keys must go nowhere else
            "dont_obey_robotstxt": True,  # the key is the permission
            "dont_cache": True,  # Scrapy's cache would keep the keys
            "dont_retry": True,  # this client retries, by the error in the body
            "download_slot": "search API",  # the token bucket limits the rate, not the limits per host
            "autothrottle_dont_adjust_delay": True,
            "download_maxsize": ANSWER_BYTES,
        }
        self.counts.calls += 1
        self.daily_calls.count()
        try:
            response = await self.download(
                Request(asked.url, headers=asked.headers, meta=meta, dont_filter=True)
            )
        except Exception as error:
            return ApiError(Trouble.SERVER, 0, "", f"no answer: {reason_of(error)}"), {}
        return self.api.answer_of(response.status, response.body, call), response.headers

    def _most(self, answer: ApiError) -> int:
        retries = self.params.retries
        if answer.trouble is Trouble.SHAPE:
            return SHAPE_RETRIES
        return max(retries, SPEED_RETRIES) if answer.trouble is Trouble.SPEED else retries

    def _left_out(self, call: SearchCall, answer: ApiError) -> None:
        if answer.trouble is Trouble.QUERY:
            self.counts.add_failed_call(call.page, "BAD_QUERY")
            said = self.provider.keys.hidden_in(str(answer))
            log.warning("leaving out the query %r: %s", call.query, said)

    def error_of(self, answer: ApiError, *, of_one_call: bool = True) -> UserError:
        """The error that ends the crawl.

        Args:
            answer: of the API.
            of_one_call: whether a server error may be of this call alone.
        """
        passing = answer.trouble in PASSING or answer.trouble is Trouble.QUOTA
        if not answer.status and answer.trouble is Trouble.SERVER:
            what = (
                f"the search API at {self.api.address} does not answer ({answer.message.partition(': ')[2]})"
            )
            return PassingError(f"{what}: check the network and run again; {KEPT}")
        of_one_call = of_one_call and answer.trouble is Trouble.SERVER
        kind = FailedCallError if of_one_call else PassingError if passing else UserError
        return kind(f"{self.provider.advice_on(answer)}; {KEPT}")

    async def _wait_for_midnight(self) -> None:
        seconds = seconds_to_midnight_in_korea(datetime.now(UTC)) + AFTER_MIDNIGHT_S
        log.info("the daily quota is used up: resuming in %.1f hours, after 00:00 in Korea", seconds / 3600)
        await asyncio.sleep(seconds)
