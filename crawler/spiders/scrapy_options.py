"""What may be wrong with the options of `scrapy crawl`: -a, -s and -o."""

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

from crawler.answer.counts import KNOWN_BY
from fashion_pggan.command.roles import Keeps, Makes, Writes, check_paths
from fashion_pggan.errors import UserError
from fashion_pggan.paths import advice_on_path

YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
OUTPUTS = {  # settings of Scrapy for outputs that this crawl does not have
    "JOBDIR": "leave it out; a crawl resumes from its store",
    "FEEDS": "leave -o out; records.parquet in the target holds a row for each image",
}


def complaint_about(dry_run: str, paths: dict[str, str], unknown: dict[str, Any]) -> Exception | None:
    """What is wrong with the spider's arguments: a mistyped one must not start a crawl."""
    if unknown:
        known = "params, target, store, tombstones, report, dry_run"
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


def without_outputs(settings: Any) -> Exception | None:
    """Refuse JOBDIR and feeds, and remove them: Scrapy's queue asks twice, its feeds hold no image."""
    failure = None
    for name, advice in OUTPUTS.items():
        if value := settings.get(name):
            settings.set(name, {} if name == "FEEDS" else None, priority="cmdline")
            failure = failure or UserError(
                f"{name}={', '.join(value) if name == 'FEEDS' else value}: {advice}"
            )
    return failure


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
