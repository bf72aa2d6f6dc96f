"""The dry run: a plan, its calls, and their share of the daily quota, without a single call."""

from crawler.plan.families import Fresh
from crawler.plan.plan import Plan, most_of
from crawler.plan.vocabulary import vocabulary_of
from crawler.providers.api import SearchApi
from crawler.providers.provider import api_named
from fashion_pggan.params import CrawlParams

SHOWN = 12  # calls
NEW_PER_CALL = 12  # of 100 results: half are copies, 60 % of the rest are large, 40 % of these garments


def dry_run(params: CrawlParams) -> str:
    """The text of a dry run.

    Raises:
        UserError: the vocabulary cannot be read.
    """
    api = api_named(params.provider)
    if api is None:
        return f"no search: the crawl fetches part {params.part} of the URLs in {params.url_list}"
    return preview(Plan.of(params, vocabulary_of(params), api), params, api)


def preview(plan: Plan, params: CrawlParams, api: SearchApi) -> str:
    """The text of a plan; uses the plan up."""
    quota = params.daily_calls or api.daily_calls
    pages = -(-api.window // api.page)
    lines = [
        f"provider  {api.name}, {api.page} results a call, {api.window:,} ranks a query",
        f"quota     {quota:,} calls a day; {params.calls_per_s:g} a second",
        f"part      {params.part}, {len(plan.families):,} families of queries",
        "",
        f"{'words':<10}{'first pages':>12}{'calls at most':>15}{'of a day':>10}",
    ]
    first = _first_calls(plan)
    total = 0
    for level, count in sorted(_by_level(plan).items()):
        total += count
        lines.append(f"{level:<10}{count:>12,}{count * pages:>15,}{count * pages / quota:>10.0%}")
    lines += [f"{'all':<10}{total:>12,}{total * pages:>15,}{total * pages / quota:>10.0%}", ""]
    wanted = most_of(params)
    likely = min(-(-wanted // NEW_PER_CALL), total * pages)
    lines += [
        (
            f"{wanted:,} images at {NEW_PER_CALL} new ones a call: about {likely:,} calls, "
            f"{likely / quota:.0%} of a day's quota, {likely / params.calls_per_s / 60:.0f} min at full speed"
        ),
        "the first calls, on whose answers the others depend:",
        *(f"  {call}" for call in first),
    ]
    return "\n".join(lines)


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
