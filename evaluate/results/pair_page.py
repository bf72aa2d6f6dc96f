"""One comparison as a self-contained HTML page."""

from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from evaluate.comparison.pair import Pair
from evaluate.results.notes import about_intervals, interval_of, notes_of
from fashion_pggan.storage.escaped import on_page


def page_of(pair: Pair, first: str, second: str) -> str:
    """The page of a comparison of two sets with the given names."""
    environment = Environment(
        loader=PackageLoader("evaluate.results", ""),
        autoescape=select_autoescape(default=True, default_for_string=True),
        finalize=on_page,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("pair.html.j2").render(
        pair=pair,
        notes=notes_of(pair),
        first=first,
        second=second,
        ratios=pair.floor.ratios(pair.distances) if pair.floor else {},
        interval_of=interval_of,
        about_intervals=about_intervals,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
