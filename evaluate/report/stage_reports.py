"""The earlier stages' reports, prepared for the page; missing reports are left out."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text, text_lines_in

LOGGED = ("kimg", "lod", "resolution", "critic_loss", "generator_loss", "score_real", "score_fake")
SHOWN = 50  # rows of a table: a crawl may meet thousands of hosts


@dataclass(frozen=True)
class Table:
    """A table about a crawl."""

    title: str
    columns: list[str]
    rows: list[list[Any]]
    left_out: int  # rows beyond those shown


def read_facts(path: Path) -> dict[str, Any]:
    """A stage's report; empty if there is none.

    Raises:
        UserError: the file holds no JSON object.
    """
    if not path.is_file():
        return {}
    try:
        facts = json_in(read_text(path), finite=False)
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}): delete it and run dvc repro") from error
    if not isinstance(facts, dict):
        raise UserError(f"{path} is not a JSON object: delete it and run dvc repro")
    return facts


def read_history(path: Path) -> list[dict[str, float]]:
    """The columns of the training's log that are drawn; empty if there is no log.

    Raises:
        UserError: it is no such log.
    """
    if not path.is_file():
        return []
    try:
        return [{name: float(row[name]) for name in LOGGED} for row in csv.DictReader(text_lines_in(path))]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise UserError(
            f"{path} cannot be read as a training log ({one_line(error)}): delete it and run dvc repro"
        ) from error


def way_of_images(crawl: dict[str, Any], curate: dict[str, Any]) -> list[tuple[str, int, str]]:
    """How many images reach each step from shop to dataset: rows of (what, number, kind: total or lost)."""
    rows: list[tuple[str, int, str]] = []
    if crawl:
        rows.append((f"products found ({crawl.get('provider', 'unknown')})", crawl["products"], "total"))
        rows += [(f"not received: {reason}", n, "lost") for reason, n in _counts(crawl, "failed")]
    if curate:
        rows.append(("images received", curate["images"], "total"))
        rows += [(f"dropped: {reason}", n, "lost") for reason, n in _counts(curate, "dropped")]
        rows.append(("kept", curate["kept"], "total"))
    return rows


def tables_of_crawl(crawl: dict[str, Any]) -> list[Table]:
    """New images by query and by word, images by host, results left out; empty tables are omitted."""
    yields = {"query": "New images by query", "word": "New images by word"}
    tables = [
        _table(title, crawl.get(source, []), [name, "calls", "results", "new"])
        for (name, title), source in zip(yields.items(), ("queries", "words"), strict=True)
    ]
    tables.append(_table("Images by host", crawl.get("hosts", []), ["host", "images", "failed"]))
    left_out = [{"reason": reason, "results": n} for reason, n in _counts(crawl, "left_out")]
    tables.append(_table("Results left out", left_out, ["reason", "results"]))
    return [table for table in tables if table.rows]


def _table(title: str, found: list[dict[str, Any]], columns: list[str]) -> Table:
    rows = [[row.get(column, "") for column in columns] for row in found]
    return Table(title, columns, rows[:SHOWN], max(len(rows) - SHOWN, 0))


def _counts(facts: dict[str, Any], name: str) -> list[tuple[str, int]]:
    return sorted(facts.get(name, {}).items(), key=lambda item: -item[1])
