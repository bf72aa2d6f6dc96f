"""Section `crawl` of params.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from fashion_pggan.params.section import Label, LocalPath, Pixels, Seconds, Section, Share, Unit, Words

Query = Annotated[str, Field(min_length=1)]
HostName = Annotated[str, Field(pattern=r"^(\*\.)?[A-Za-z0-9._:-]+$")]
PART = r"^[1-9]\d{0,3}/[1-9]\d{0,3}$"


class LabelledQuery(Section):
    """A search whose images have a label."""

    query: Query
    label: Label


def _form(query: object) -> str:
    return "[labelled]" if isinstance(query, dict | LabelledQuery) else "[text]"


AnyQuery = Annotated[
    Annotated[Query, Tag("[text]")] | Annotated[LabelledQuery, Tag("[labelled]")], Discriminator(_form)
]


class HostRules(Section):
    """How one host is asked."""

    referer: str = Field(default="", pattern=r"^(|page|search|https?://[!-~]+)$")
    delay_s: Seconds = Field(default=0.0, ge=0, le=3600)


class CrawlParams(Section):
    """What to search for, where, and how politely."""

    # whom to ask, for what
    provider: Literal["demo", "naver_hub", "naver_legacy", "kakao", "urls"] = Field(
        description="who answers the searches; demo: the embedded shop, urls: the addresses in url_list"
    )
    queries: list[AnyQuery] = Field(
        description="searches, sent as they are; {query: 남자 후드티, label: hoodie} gives its images a label"
    )
    vocabulary: LocalPath = Field(description="a file of words to build queries from; empty: none")
    url_list: LocalPath = Field(description="provider urls: a text, CSV or Parquet file of addresses")
    max_skipped: Share = Field(
        default=0.5,
        ge=0,
        le=1,
        description="provider urls: rows of url_list that may hold no readable address",
    )
    max_products: Annotated[int, Unit("image addresses")] = Field(
        gt=0, description="the crawl stops after this many distinct ones"
    )
    sort: Literal["sim", "date", "both"] = Field(
        description="order of the results; sim: by likeness to the query, date: newest first, "
        "both: one search for each"
    )
    filter: Literal["all", "large", "medium", "small", "large+medium"] = Field(
        description="the search API's size filter"
    )
    min_new: Share = Field(
        ge=0, le=1, description="a query ends when a page has fewer new results than this; 0: never"
    )
    part: str = Field(pattern=PART, description="this machine's part of the crawl; 2/8: the second of eight")
    # the search API's quota and pace
    calls_per_s: Annotated[float, Unit("search calls a second")] = Field(gt=0, description="for one key")
    daily_calls: Annotated[int, Unit("search calls a day")] = Field(
        ge=0, description="for one key; 0: as many as the API allows"
    )
    key_shared_by: Annotated[int, Unit("crawls")] = Field(
        default=1,
        gt=0,
        description="that use the same key at the same time: each takes its share of calls_per_s and "
        "daily_calls",
    )
    wait_for_quota: bool = Field(
        description="true: wait for midnight in Korea when the quota is used up; false: end, "
        "and resume at the next start"
    )
    # images
    contact: Words = Field(description="a mail address or page of who runs the crawl, for the user agent")
    obey_opt_out: bool = Field(
        description="skip images whose headers say noai, noimageai, noindex or TDM reservation"
    )
    concurrent_requests: Annotated[int, Unit("requests")] = Field(gt=0, description="open at once")
    concurrent_per_host: Annotated[int, Unit("requests")] = Field(gt=0, description="open to one host")
    delay_s: Seconds = Field(ge=0, description="between two requests to one host")
    hosts: dict[HostName, HostRules] = Field(
        description="by host, or *.host: delay_s, and the referer that it wants; page, search, or a URL"
    )
    timeout_s: Seconds = Field(gt=0, description="to wait for one answer")
    retries: Annotated[int, Unit("attempts")] = Field(
        ge=0, description="further ones after a failure that may pass"
    )
    patience_s: Seconds = Field(
        ge=0, description="for which a host may refuse everything (429, 503) before it is left alone"
    )
    tries: Annotated[int, Unit("runs")] = Field(
        default=2,
        gt=0,
        description="that try an image which may be had later, before the crawl gives it up",
    )
    max_missing: Share = Field(
        default=1.0, ge=0, le=1, description="images found that may be missing; more is an error; 1: any"
    )
    shard_mb: Annotated[float, Unit("MB")] = Field(
        default=64.0, gt=0, le=1e6, description="of a tar shard of data/raw, which holds many images"
    )
    max_sharing: Annotated[int, Unit("products")] = Field(
        default=10,
        ge=0,
        description="that may have the very same file as their image; a file of more is a placeholder, "
        "and left out; 0: any number",
    )
    max_bytes: Annotated[int, Unit("bytes")] = Field(gt=0, description="a larger image is not fetched")
    min_side: Pixels = Field(
        ge=0, description="smaller images are not fetched, by the search result and the header; 0: any"
    )
    max_pixels: Pixels = Field(ge=0, description="larger images are not fetched, by the header; 0: any")
    # provider demo
    shop_images: LocalPath = Field(
        description="provider demo: a folder of images to serve; empty: drawn garments"
    )
    shop_products: Annotated[int, Unit("products")] = Field(
        ge=0, description="provider demo: garments that the shop draws"
    )

    @property
    def query_texts(self) -> list[str]:
        """The searches, without their labels."""
        return [query if isinstance(query, str) else query.query for query in self.queries]

    @property
    def query_labels(self) -> dict[str, str]:
        """The labels of searches that name theirs."""
        return {query.query: query.label for query in self.queries if not isinstance(query, str)}

    @model_validator(mode="after")
    def _one_label_each(self) -> Self:
        for query in self.queries:
            if not isinstance(query, str) and (label := self.query_labels[query.query]) != query.label:
                raise ValueError(
                    f"queries: {query.query!r} has the labels {query.label} and {label}: leave one out"
                )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        number, of = map(int, self.part.split("/"))
        if number > of:
            raise ValueError(f"part {self.part}: give a number from 1 to {of} before the slash")
        if self.provider == "urls" and not self.url_list:
            raise ValueError(
                "url_list is empty, but provider is urls: give a text, CSV or Parquet file of addresses"
            )
        if self.provider != "urls" and not self.queries and not self.vocabulary:
            raise ValueError("queries and vocabulary are both empty: give queries, or a file of words")
        return self
