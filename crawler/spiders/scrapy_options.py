"""What may be wrong with the options of `scrapy crawl`: -a, -s and -o."""

import logging
from collections.abc import Collection, Mapping
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from crawler.answer.counts import KNOWN_BY
from crawler.lists.failed import FAILED, QUICK
from crawler.plan.vocabulary import QueryLabels, vocabulary_of
from crawler.session.crawl_places import Places
from crawler.spiders import settings as our_settings
from crawler.store.feeds import COLUMNS, is_feed
from fashion_pggan.command.roles import Keeps, Makes, Writes, check_paths
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams
from fashion_pggan.params.crawl import LabelledQuery
from fashion_pggan.paths import advice_on_path

YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")

log = logging.getLogger(__name__)


class QuickCrawl(NamedTuple):
    """A crawl of one query, or of few images, without a change of params.yaml: `-a query=… -a max=…`."""

    query: str | None
    most: str | None

    @property
    def failed_name(self) -> str:
        """The file that names what failed: a quick look must not replace that of the whole crawl."""
        return FAILED if self.query is None and self.most is None else QUICK

    def default_target(self) -> str:
        """The folder to make where none is given: a quick look must not replace a whole dataset."""
        if self.query is None and self.most is None:
            return "data/raw"
        log.info("-a: the target is data/quick, in place of data/raw; -a target=… names another one")
        return "data/quick"

    def params_of(self, params: CrawlParams) -> CrawlParams:
        """The parameters with this query and number; the log says what they replace.

        Raises:
            UserError: a value cannot hold.
        """
        changes: dict[str, Any] = {}
        if self.query is not None:
            if not self.query.strip():
                raise UserError("-a query= is empty: give a search, such as shirt, or leave it out")
            if params.provider == "urls":
                raise UserError(f"-a query={self.query} does not fit crawl.provider urls: leave it out")
            changes |= {"queries": [_labelled(self.query, params)], "vocabulary": ""}
        if self.most is not None:
            if not (self.most.isascii() and self.most.isdigit() and 0 < int(self.most[:18]) < 10**15):
                raise UserError(f"-a max={self.most}: give a number of images, such as 100")
            changes["max_products"] = int(self.most)
        for name, value in changes.items():
            before = getattr(params, name)
            if value != before:
                log.info("-a: crawl.%s is %s, in place of %s", name, _in_yaml(value), _in_yaml(before))
        return params.model_copy(update=changes)


def _labelled(query: str, params: CrawlParams) -> str | LabelledQuery:
    """A query with the label that it has in the whole crawl."""
    label = QueryLabels(params.query_labels, vocabulary_of(params)).of(query)
    return LabelledQuery(query=query, label=label) if label else query


def _in_yaml(value: Any) -> str:
    """A value of the section as params.yaml holds it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_in_yaml, value))}]"
    if isinstance(value, LabelledQuery):
        return f"{{query: {value.query}, label: {value.label}}}"
    return str(value) or "empty"


def complaint_about(dry_run: str, paths: dict[str, str], unknown: dict[str, Any]) -> Exception | None:
    """What is wrong with the spider's arguments: a mistyped one must not start a crawl."""
    if unknown:
        known = "params, target, store, tombstones, report, dry_run, query, max"
        return UserError(f"-a {', '.join(sorted(unknown))}: no such argument: give one of {known}")
    if dry_run.lower() not in YES + NO:
        return UserError(f"-a dry_run={dry_run}: give 1 or 0")
    for name, path in paths.items():
        if advice := advice_on_path(path) if path else "give a path":
            return UserError(f"-a {name}={path}: {advice}")
    try:
        check_paths(_use, signature(_use).bind(**{name: Path(path) for name, path in paths.items()}))
    except UserError as error:
        return error
    return None


def _use(
    params: Path,
    target: Annotated[Path, Makes],
    store: Annotated[Path, Keeps],
    tombstones: Annotated[Path, Keeps],
    report: Annotated[Path | None, Writes(*KNOWN_BY)] = None,
) -> None:
    """What a crawl does with each of its paths, for `check_paths`."""


def without_job_folder(settings: Any) -> Exception | None:
    """Refuse JOBDIR, and remove it: Scrapy's queue asks twice."""
    if not (value := settings.get("JOBDIR")):
        return None
    settings.set("JOBDIR", None, priority="cmdline")
    return UserError(f"JOBDIR={value}: leave it out; a crawl resumes from its store")


def feed_in_the_way(settings: Any, places: Places, read: Collection[str]) -> Exception | None:
    """Refuse a feed (`-o`, `-O`) into what the crawl makes, keeps or reads, or over a file of another kind.

    Args:
        settings: Scrapy's.
        places: that the crawl makes and keeps.
        read: files that it reads.
    """
    folders = [places.target, places.store, places.tombstones, *([places.report] if places.report else [])]
    for feed, options in settings.getdict("FEEDS").items():
        if urlsplit(str(feed)).scheme not in ("", "file"):
            continue
        file = Path(url2pathname(urlsplit(feed).path) if feed.startswith("file:") else feed).resolve()
        for place in [*folders, *(Path(path) for path in read if path)]:
            if file.is_relative_to(place.resolve()):
                return UserError(f"-o {feed} would write into {place}: give a file elsewhere")
        columns = options.get("fields") or settings.getdictorlist("FEED_EXPORT_FIELDS") or COLUMNS
        if not is_feed(file, columns):
            return UserError(f"-o {feed}: this is not a feed of a crawl: give another file, or move it away")
    return None


def left_out_part(settings: Any) -> Exception | None:
    """Refuse a setting without a part that stores, asks permission or keeps the pace, and put ours back."""
    for name in ("ITEM_PIPELINES", "DOWNLOADER_MIDDLEWARES", "DOWNLOAD_HANDLERS"):
        ours = {key: part for key, part in getattr(our_settings, name).items() if part is not None}
        given = settings.getdict(name)
        if lacking := [f"{key}: {part}" for key, part in ours.items() if given.get(key) != part]:
            settings.set(name, getattr(our_settings, name), priority="cmdline")
            return UserError(f"-s {name} leaves out {lacking[0]}: name all of {name}, and yours")
    return None


def wrong_setting(settings: Any, ours: Mapping[str, object]) -> Exception | None:
    """Refuse a setting that is no number where the one of params.yaml is, and put that back."""
    failure = None
    for name, value in ours.items():
        read = {bool: settings.getbool, int: settings.getint, float: settings.getfloat}.get(type(value))
        try:
            if read is not None:
                read(name)
        except (TypeError, ValueError):
            given = settings.get(name)
            settings.set(name, value, priority="cmdline")
            failure = failure or UserError(f"-s {name}={given}: give a number, as {value} in params.yaml")
    return failure
