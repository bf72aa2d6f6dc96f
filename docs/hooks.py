"""MkDocs events: pages of the repository's root join the site, and generated tables take their places.

A line `<!-- generated: NAME ARGUMENT -->` in a page becomes what docs/tables.py makes of it, at each build.
"""

import os
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "docs")]

from mkdocs.exceptions import PluginError  # noqa: E402  # behind the path
from mkdocs.structure.files import File, Files  # noqa: E402  # behind the path
from tables import MAKERS  # noqa: E402  # behind the path

from fashion_pggan.errors import UserError  # noqa: E402  # behind the path
from fashion_pggan.storage.targets import Kind, check_target, write_mark  # noqa: E402  # behind the path

ROOT_PAGES = {  # files of the repository's root: where they stand in the site
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/benchmarks.md",
}
MARKER = re.compile(r"^<!-- generated: (\w+) ?(\S*) -->$", re.MULTILINE)
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")


SITE = Kind("the documentation as a site")


def on_pre_build(config: Any) -> None:
    """Look at the site's folder before MkDocs empties it."""
    try:
        check_target(Path(config.site_dir), SITE, [])
    except UserError as error:
        raise PluginError(str(error)) from error


def on_post_build(config: Any) -> None:
    """Mark the site as made here."""
    write_mark(Path(config.site_dir), SITE)


def on_config(config: Any) -> Any:
    """List the decisions in the navigation, in order."""
    for entry in next(section["Project"] for section in config.nav if "Project" in section):
        if "Decisions" in entry:
            pages = sorted((REPOSITORY / "docs/decisions").glob("*.md"))
            entry["Decisions"] = [f"decisions/{page.name}" for page in pages]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the repository's root."""
    for source, page in ROOT_PAGES.items():
        text = (REPOSITORY / source).read_text(encoding="utf-8")
        text = relinked(text, PurePosixPath(source), PurePosixPath("docs") / page)
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in the generated tables, and lead links to root pages to their place in the site."""
    filled = MARKER.sub(lambda marker: MAKERS[marker[1]](marker[2]), markdown)
    place = PurePosixPath("docs") / page.file.src_uri
    return relinked(filled, place, place)


def relinked(text: str, written_in: PurePosixPath, shown_in: PurePosixPath) -> str:
    """The text with its relative links as seen from another file; links to root pages lead into the site."""

    def link(match: re.Match[str]) -> str:
        opening, target, anchor, end = match.groups()
        if ":" in target:
            return match[0]
        path = os.path.normpath(written_in.parent / target)
        path = f"docs/{ROOT_PAGES[path]}" if path in ROOT_PAGES else path
        return f"{opening}{os.path.relpath(path, shown_in.parent)}{anchor or ''}{end}"

    return LINK.sub(link, text)
