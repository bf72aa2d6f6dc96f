"""The documentation builds without a network, its links lead somewhere, and what is cited exists."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from markdown.extensions.toc import slugify
from mkdocs.commands.build import build
from mkdocs.config import load_config

from fashion_pggan.params import Params
from fashion_pggan.storage.records import CuratedImage, GeneratedImage, RawImage

REPOSITORY = Path(__file__).parents[1]
ROOT_PAGES = ["README.md", "README.ko.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md"]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
CITED = re.compile(r"\bdocs/[\w/-]+\.(?:md|png)\b")
CODE = re.compile(
    r"`((?:crawler|curate|train|generate|evaluate|flows|demo_shop|fashion_pggan|presets)/[\w/.-]+\.(?:py|yaml))`"
)
FETCHED = re.compile(r"<(?:script|img|iframe)[^>]*\ssrc=\"?(?:https?:)?//|<link[^>]*stylesheet[^>]*https?://")
IN_CSS = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a broken link, an unknown anchor or a page outside the navigation ends it."""
    target = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        patch.chdir(REPOSITORY)
        build(load_config("mkdocs.yml", strict=True, site_dir=str(target)))
    return target


def test_the_site_asks_for_nothing_from_a_network(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for path in (*pages, *site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        found = (FETCHED if path.suffix == ".html" else IN_CSS).search(text)
        assert not found, f"{path.relative_to(site)}: {found and found[0]}"


def test_the_reference_names_every_parameter_and_every_field(site: Path) -> None:
    parameters = (site / "reference/parameters.html").read_text(encoding="utf-8")
    files = (site / "reference/files.html").read_text(encoding="utf-8")
    for section in Params.model_fields.values():
        assert section.annotation is not None
        for name in section.annotation.model_fields:
            assert f"<code>{name}</code>" in parameters
    for kind in (RawImage, CuratedImage, GeneratedImage):
        for name in kind.model_fields:
            assert f"<code>{name}</code>" in files


def test_every_generated_row_says_what_it_means(site: Path) -> None:
    for page in ("parameters", "files", "training"):
        rows = re.findall(r"<tr>.*?</tr>", (site / f"reference/{page}.html").read_text("utf-8"), re.DOTALL)
        assert len(rows) > 5
        assert [row for row in rows if re.search(r"<td>\s*</td>\s*</tr>", row)] == []


def test_the_site_holds_no_program_and_no_marker(site: Path) -> None:
    assert list(site.rglob("*.py")) == []
    for path in site.rglob("*.html"):
        assert "<!-- generated:" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("page", ROOT_PAGES)
def test_links_of_the_root_pages_lead_somewhere(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        path = REPOSITORY / os.path.normpath(Path(page).parent / target) if target else REPOSITORY / page
        assert path.exists(), f"{page}: {target}"
        assert not anchor or anchor in _anchors(path), f"{page}: {target}#{anchor}"


def test_what_the_code_cites_of_the_docs_exists() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", ":!CHANGELOG.md", ":!**/tests-merged.md"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("needs the git repository")
    absent = [
        (name, cited)
        for name in filter(None, listed.stdout.split("\0"))
        if Path(name).suffix in (".md", ".py", ".toml", ".yaml", ".yml") and (REPOSITORY / name).is_file()
        for cited in CITED.findall((REPOSITORY / name).read_text(encoding="utf-8"))
        if not (REPOSITORY / cited).exists()
    ]
    assert absent == []


def test_the_code_that_pages_name_exists() -> None:
    pages = [REPOSITORY / page for page in ROOT_PAGES] + sorted((REPOSITORY / "docs").rglob("*.md"))
    named = [(page.name, name) for page in pages for name in CODE.findall(page.read_text(encoding="utf-8"))]
    gone = [(page, name) for page, name in named if not {"NAME", "SECTION"} & {*re.split(r"[/._]", name)}]
    assert [(page, name) for page, name in gone if not (REPOSITORY / name).exists()] == []


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {slugify(head, "-") for head in heads}


KEPT = {  # what a translation keeps: where it stands, in order
    "headings": re.compile(r"^(#+) ", re.MULTILINE),
    "commands": re.compile(r"^    ([^#\n]+?)(?: *#.*)?$|`([^`\n]+)`", re.MULTILINE),
    "links": re.compile(r"\]\(([^)]+)\)"),
    "results": re.compile(r"<!-- demo results: begin -->.*<!-- demo results: end -->", re.DOTALL),
}


TRANSLATED = {"README.md": "README.ko.md", "docs/tutorial/index.md": "docs/tutorial/ko.md"}


@pytest.mark.parametrize("page", TRANSLATED)
@pytest.mark.parametrize("kept", KEPT)
def test_a_korean_page_keeps_what_the_english_one_says(kept: str, page: str) -> None:
    texts = [(REPOSITORY / name).read_text(encoding="utf-8") for name in (page, TRANSLATED[page])]
    english, korean = (KEPT[kept].findall(text) for text in texts)
    if kept == "commands":  # a sentence may name them in another order
        english, korean = sorted(english), sorted(korean)
    if kept == "links":  # each page links to the other language, and to pages in its own
        assert (english.pop(0), korean.pop(0)) == (Path(TRANSLATED[page]).name, Path(page).name)
        english = [TRANSLATED.get(link, link) for link in english]
    assert english or kept == "results"
    assert korean == english
