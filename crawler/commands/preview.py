"""The dry run: a plan, its calls, and their share of the daily quota, without a single call."""

from crawler.plan.division import NEW_PER_CALL
from crawler.plan.families import Fresh
from crawler.plan.plan import Plan, most_of
from crawler.plan.vocabulary import vocabulary_of
from crawler.providers.api import SearchApi
from crawler.providers.provider import api_named
from crawler.providers.quota import calls_a_day, calls_per_s
from fashion_pggan.params import CrawlParams
from fashion_pggan.storage.escaped import printable_line, printable_lines

SHOWN = 12  # calls


def dry_run(params: CrawlParams) -> str:
    """The text of a dry run.

    Raises:
        UserError: the vocabulary cannot be read, or the part holds no query.
    """
    api = api_named(params.provider)
    if api is None:
        return printable_line(
            f"no search: the crawl fetches part {params.part} of the URLs in {params.url_list}"
        )
    plan = Plan.of(params, vocabulary_of(params), api)
    plan.check(params.part)
    return preview(plan, params, api)


def preview(plan: Plan, params: CrawlParams, api: SearchApi) -> str:
    """The text of a plan, which cannot be used afterwards."""
    quota = calls_a_day(params, api)
    first = _first_calls(plan)
    table, calls = _table(plan, -(-api.window // api.page), quota)
    lines = [
        f"provider  {api.name}, {api.page} results a call, {api.window:,} ranks a query",
        f"quota     {quota:,} calls a day; {calls_per_s(params):g} a second",
        f"part      {params.part}, {len(plan.families):,} families of queries",
        "",
        *table,
        "",
        _expected(params, calls, quota) if api.name != "demo" else _range(params, api, calls),
        "the first calls, on whose answers the others depend:",
        *(f"  {call}" for call in first),
    ]
    return printable_lines(lines)


def _table(plan: Plan, pages: int, quota: int) -> tuple[list[str], int]:
    """Calls by the number of added words, as a table; and all calls at most."""

    def row(name: int | str, count: int) -> str:
        return f"{name:<10}{count:>12,}{count * pages:>15,}{count * pages / quota:>10.0%}"

    levels = _by_level(plan)
    total = sum(levels.values())
    header = f"{'words':<10}{'first pages':>12}{'calls at most':>15}{'of a day':>10}"
    return [header, *(row(*level) for level in sorted(levels.items())), row("all", total)], total * pages


def _expected(params: CrawlParams, most: int, quota: int) -> str:
    """How many calls the wanted images need, at most `most`."""
    wanted = most_of(params)
    likely = min(-(-wanted // NEW_PER_CALL), most)
    return (
        f"{wanted:,} images at {NEW_PER_CALL} new ones a call: about {likely:,} calls, "
        f"{likely / quota:.0%} of a day's quota, {likely / calls_per_s(params) / 60:.0f} min at full speed"
    )


def _range(params: CrawlParams, api: SearchApi, most: int) -> str:
    """How many calls the demo shop gets: what its queries find is not known before they are asked."""
    wanted = most_of(params)
    pages = -(-api.window // api.page)
    least = min(-(-wanted // api.page), -(-most // pages))
    return f"{wanted:,} images: {least:,} to {most:,} calls; a query ends with the shop's last match"


def _first_calls(plan: Plan) -> list[str]:
    """The first call of each of the first families."""
    best = [family.best for family in plan.families if family.best is not None]
    return [str(promise.call) for promise in best[:SHOWN]]


def _by_level(plan: Plan) -> dict[int, int]:
    """First pages by the number of added words."""
    counted: dict[int, int] = {}
    for family in plan.families:
        opened: list[Fresh] = family.fresh
        for fresh in opened:
            counted[fresh.query.level] = counted.get(fresh.query.level, 0) + 1
        for level in family.levels:
            for query in level:
                counted[query.level] = counted.get(query.level, 0) + len(family.variants)
    return counted
