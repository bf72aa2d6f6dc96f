"""What an installed program needs and holds: its dependencies are declared, and its wheel runs alone."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from tests.running import output_of

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("crawler", "curate", "demo_shop", "evaluate", "fashion_pggan", "flows", "generate", "train")
SMALL = """
crawl.max_products=16 crawl.shop_products=16 curate.resolution=16 curate.shard_images=8
curate.held_out=0.0 train.total_kimg=0.1 train.stabilise_kimg=0.03 train.fade_kimg=0.03
train.snapshot_kimg=0.05 train.latent_size=8 train.fmap_base=32 train.fmap_max=8 train.grid_columns=2
train.grid_rows=2 generate.count=4 evaluate.images=6 evaluate.patches_per_image=8 evaluate.repeats=1
evaluate.directions=8 evaluate.replicates=2 evaluate.variation_pairs=2 evaluate.copies_images=4
evaluate.classifier_seeds=0
"""


def plain(name: str) -> str:
    """A distribution's name, without its version, extras and conditions."""
    return re.sub(r"[._]", "-", re.split(r"[^\w.-]", name)[0].lower())


def needed(names: Iterable[str]) -> set[str]:
    """Distributions, and all that they need without extras."""
    found: set[str] = set()
    waiting = [plain(name) for name in names]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            try:
                waiting += [plain(line) for line in requires(name) or [] if "extra ==" not in line]
            except PackageNotFoundError:  # for another system
                continue
    return found


def imported() -> Iterator[tuple[str, str]]:
    """Each module of the program, and a package that it imports."""
    for path in (path for name in PACKAGES for path in (REPOSITORY / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                named = [node.module]
            yield from ((str(path.relative_to(REPOSITORY)), name.split(".")[0]) for name in named)


BROUGHT = {"mlflow", "wandb"}  # by those who send runs there: docs/how-to/watch-a-training.md


def test_the_program_imports_nothing_that_only_developers_install() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    extras.pop("dev")
    known = needed([*project["dependencies"], *(line for lines in extras.values() for line in lines)])
    belongs = packages_distributions()
    ours = {*sys.stdlib_module_names, *PACKAGES, *BROUGHT}
    others = {(path, name) for path, name in imported() if name not in ours}
    unknown = [(path, name) for path, name in others if not known & {*map(plain, belongs.get(name, []))}]
    assert unknown == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a wheel of this program, built in a copy of it."""
    place = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("needs the git repository")
    subprocess.run(
        ["tar", "--create", "--null", "--files-from=-", f"--file={place}/source.tar"],
        cwd=REPOSITORY,
        input=listed.stdout,
        check=True,
    )
    (place / "source").mkdir()
    subprocess.run(["tar", "--extract", f"--file={place}/source.tar"], cwd=place / "source", check=True)
    pip = [sys.executable, "-m", "pip"]
    output_of([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir=..", "."], place / "source")
    output_of([sys.executable, "-m", "zipfile", "-e", str(next(place.glob("*.whl"))), "installed"], place)
    return place / "installed"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_wheel_runs_the_pipeline_and_the_notebook_anywhere(installed: Path, tmp_path: Path) -> None:
    home = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    environment = {**home, "PYTHONPATH": str(installed), "HOME": str(tmp_path)}
    program = [sys.executable, "-m", "fashion_pggan"]

    def said(folder: str, *words: str) -> str:
        return output_of([*program, *words], tmp_path / folder, environment=environment)

    make = "from fashion_pggan.project.folder import *; make_folder_to_work_in(Path('work'))"
    output_of([sys.executable, "-c", make], tmp_path, environment=environment)
    said("work", "use", "demo", "--set", " ".join(SMALL.split()))
    assert "images generated    4 " in said("", "demo", "work")
    assert "didn't change" in said("", "demo", "work")
    said("work", "curate", "data/raw", "again", "--report", "again.json")
    said("work", "generate", "models", "more", "--count", "2")
    assert "SWD" in said("work", "evaluate", "again", "more", "--params", "params.yaml")
    for preset in ("photos", "paper", "paper-8gpu"):
        said("work", "use", preset, "--out", f"{preset}.yaml")
    (tmp_path / "work/examples").mkdir()
    for notebook in (REPOSITORY / "examples").glob("*.ipynb"):
        cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
        code = "\n".join("".join(cell["source"]) for cell in cells)
        output_of([sys.executable, "-c", code], tmp_path / "work/examples", environment=environment)
