"""The repository holds together: names, paths, sections, pins."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fashion_pggan.params import Params

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("crawler", "curate", "demo_shop", "evaluate", "fashion_pggan", "flows", "generate", "train")
MADE = ("data", "models", "reports")  # folders that the pipeline fills
STAGES: dict[str, Any] = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
MODULES = sorted(
    path
    for folder in (*PACKAGES, "tests", "benchmarks", "experiments", ".ci")
    for path in (REPOSITORY / folder).rglob("*.py")
)
CODE = [path for path in MODULES if REPOSITORY / "tests" not in path.parents]

MOST_MODULES = 12
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 30  # without the docstring
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {
    "demo_shop/draw/cut.py cut_of": "a garment's outline, point after point",
    "train/record/status.py run_status": "one line per value",
}
SAYS_NOTHING = {
    "base",
    "common",
    "data2",
    "helper",
    "helpers",
    "lib",
    "manager",
    "misc",
    "process",
    "tools",
    "utils",
}
OF_A_STAGE = {"benchmarks", "params"}  # their modules are named for the stage they are about
SAME_NAME = {  # file names that stand in several folders, and why
    "command_line": "the options of a package's commands",
    "commands": "what a package's commands do",
    "crawl": "one crawl, and the parameters of a crawl",
    "options": "types of options: of all commands, and of one package's",
    "pipeline": "what Scrapy and Prefect call a pipeline",
    "raw": "data/raw: written by the crawl, read by curation",
    "reading": "reads files: of images, and of parameters",
    "scene": "what one image shows: of a garment, and of the explorer",
    "server": "an HTTP server: the shop's, Prefect's, the explorer's",
    "shop": "the demo shop: asked by the crawler, and with its faults",
    "stage": "a stage's run",
}


def paths_of(stage: dict[str, Any], *kinds: str) -> list[str]:
    entries = [entry for kind in kinds for entry in stage.get(kind, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_of_ours_is_not_shadowed_by_another_of_its_name(name: str) -> None:
    file = importlib.import_module(name).__file__
    assert file is not None
    assert Path(file).resolve().is_relative_to(REPOSITORY), (
        f"`import {name}` gives {file}: uninstall the package that holds it, or run from the repository root"
    )


def test_every_package_is_installed_typed_and_under_the_import_contracts() -> None:
    tool = PROJECT["tool"]
    included = {*(f"{name}*" for name in PACKAGES), "classifiers", "presets", "vocabularies"}
    assert set(tool["setuptools"]["packages"]["find"]["include"]) == included
    assert sorted(tool["mypy"]["packages"]) == sorted(["benchmarks", "experiments", *PACKAGES])
    assert sorted(tool["importlinter"]["root_packages"]) == list(PACKAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_depends_on_is_in_the_repository_or_made_by_a_stage_before(stage: str) -> None:
    before = list(STAGES)[: list(STAGES).index(stage)]
    made = {path for name in before for path in paths_of(STAGES[name], "outs", "metrics", "plots")}
    for path in paths_of(STAGES[stage], "deps"):
        if path.split("/")[0] in MADE:
            assert path in made, f"{path} is made by no stage before {stage}"
        else:
            assert (REPOSITORY / path).exists(), f"{path} is not in the repository"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_writes_only_where_git_does_not_look(stage: str) -> None:
    outputs = paths_of(STAGES[stage], "outs", "metrics", "plots")
    assert outputs
    assert {path.split("/")[0] for path in outputs} <= set(MADE)
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    assert {f"/{folder}" for folder in (*MADE, "runs")} <= set(ignored)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_module_and_a_flow(stage: str) -> None:
    module = STAGES[stage]["cmd"].split()[3]
    assert STAGES[stage]["cmd"].startswith(f"exec python -m {module} ")
    assert (REPOSITORY / module / "__main__.py").is_file()
    assert (REPOSITORY / module / "command_line.py").is_file()
    assert (REPOSITORY / "flows" / f"{stage}_flow.py").is_file()
    flows = ast.parse((REPOSITORY / "flows/deployed/pipeline.py").read_text(encoding="utf-8")).body
    assert stage in {node.name for node in flows if isinstance(node, ast.FunctionDef)}


def test_every_section_of_the_parameters_belongs_to_a_stage() -> None:
    listed = {name.split(".")[0] for stage in STAGES.values() for name in stage["params"]}
    assert listed == set(Params.model_fields)
    assert {stage: stage in STAGES[stage]["params"] for stage in STAGES} == dict.fromkeys(STAGES, True)


def test_no_package_of_tests_hides_one_of_ours() -> None:
    assert list((REPOSITORY / "tests").rglob("__init__.py")) == []


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_every_module_opens_with_what_it_is() -> None:
    said = {path: ast.get_docstring(tree_of(path)) for path in CODE}
    assert [named(path) for path, text in said.items() if not text] == []
    assert [named(path) for path, text in said.items() if "TODO" in (text or "")] == []


def test_no_folder_of_code_has_more_modules_than_a_reader_takes_in() -> None:
    modules = (path for path in CODE if path.name not in ("__init__.py", "__main__.py"))
    counted = Counter(named(path.parent) for path in modules)
    assert {folder: count for folder, count in counted.items() if count > MOST_MODULES} == {}


def test_no_file_is_too_long() -> None:
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {
        name: count for name, count in lines.items() if count > MOST_LINES and name not in LONG_FILES
    } == {}
    assert [name for name in LONG_FILES if lines.get(name, 0) <= MOST_LINES] == []


def test_no_function_is_too_long() -> None:
    long = {name for path in CODE for name in _long_functions(path)}
    assert long == set(LONG_FUNCTIONS)


def _long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and (node.end_lineno or 0) - body[0].lineno >= MOST_LINES_OF_A_FUNCTION:
                yield f"{named(path)} {node.name}"


def test_a_module_is_named_for_what_it_holds() -> None:
    taken = sys.stdlib_module_names | {*PACKAGES}
    wrong = [named(path) for path in CODE if path.stem in SAYS_NOTHING]
    hiding = [named(path) for path in CODE if path.stem in taken and path.parent.name not in OF_A_STAGE]
    assert wrong == hiding == []


def test_one_file_name_stands_for_one_thing() -> None:
    folders: dict[str, list[str]] = {}
    for path in CODE:
        if path.stem not in ("__init__", "__main__") and named(path).split("/")[0] in PACKAGES:
            folders.setdefault(path.stem, []).append(named(path.parent))
    twice = {name: sorted(found) for name, found in folders.items() if len(found) > 1}
    assert {name: found for name, found in twice.items() if name not in SAME_NAME} == {}
    assert sorted(twice) == sorted(SAME_NAME)


def test_no_file_names_a_place_on_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs the git repository")
    places = re.compile(r"(?<![\w.~$}>-])/(?:root|home|work|opt|Users|mnt)/\w")
    for name in filter(None, listed.stdout.split("\0")):
        path = REPOSITORY / name
        if path.is_file() and path.suffix not in (".png", ".webp", ".jpg"):
            found = places.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{name}: {found[0] if found else ''}"


def test_every_dependency_has_an_exact_version_and_a_reason() -> None:
    project = PROJECT["project"]
    pinned = {
        line.split("==")[0]
        for line in (REPOSITORY / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    reasons = (REPOSITORY / "docs/decisions/0002-dependencies.md").read_text()
    extras = (line for lines in project["optional-dependencies"].values() for line in lines)
    for line in (*project["dependencies"], *extras):
        name = re.split(r"[<>=\[;]", line)[0]
        if name == project["name"]:  # dev has the other extras
            continue
        assert re.sub(r"[._]", "-", name.lower()) in pinned, f"{name} is not in constraints.txt: make lock"
        assert f"`{name}`" in reasons, f"{name} has no reason in docs/decisions/0002-dependencies.md"


def test_what_is_installed_with_hashes_are_the_versions_of_constraints_txt() -> None:
    """An install by hand and make environment give the same."""
    pins = (REPOSITORY / "constraints.txt").read_text().splitlines()
    locked = [
        line.removesuffix(" \\")
        for name in ("environment", "torch")
        for line in (REPOSITORY / f"locked/{name}.txt").read_text().splitlines()
    ]
    assert sorted(line for line in locked if "==" in line) == sorted(line for line in pins if "==" in line)


@pytest.mark.parametrize("name", ["environment", "torch", "cuda", "tools"])
def test_every_locked_file_has_a_hash_and_names_no_index(name: str) -> None:
    text = (REPOSITORY / f"locked/{name}.txt").read_text()
    packages = re.split(r"\n(?=\S)", re.sub(r"(?m)^#.*\n", "", text).strip())
    for package in packages:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+(?: ; .+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+", package), (
            package[:200]
        )


def test_prefect_finds_what_make_serve_starts() -> None:
    from flows.server.server import OUR_URL  # slow to import

    assert PROJECT["tool"]["prefect"]["api"]["url"] == OUR_URL


def test_nothing_has_to_be_built() -> None:
    """No extension of ours: what needs a compiler fails on the next version of one."""
    sources = {".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".pyx", ".so"}
    folders = (*PACKAGES, "benchmarks", "experiments")
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*")]
    assert [path for path in files if path.suffix in sources] == []
    assert "ext-modules" not in PROJECT["tool"]["setuptools"]
    assert not (REPOSITORY / "setup.py").exists()


def test_the_citation_names_this_version() -> None:
    cited = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["title"], cited["version"]) == (PROJECT["project"]["name"], PROJECT["project"]["version"])
