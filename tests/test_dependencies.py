"""dvc.yaml names all code that a stage's outputs depend on, and no code that they do not."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("crawler", "curate", "demo_shop", "evaluate", "fashion_pggan", "flows", "generate", "train")
STAGES: dict[str, Any] = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
IGNORED = [line.strip("/") for line in (REPOSITORY / ".dvcignore").read_text().splitlines()]
PROCESS = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)*")  # what stands behind "-m" in a command

# Code that no output depends on, so that no stage depends on it.
NO_OUTPUT = {
    "fashion_pggan/answering.py": "closes connections to local servers",
    "fashion_pggan/command/arguments.py": "refuses arguments",
    "fashion_pggan/command/edge.py": "sets up logging, words errors and ends the process",
    "fashion_pggan/command/entry.py": "begins the process",
    "fashion_pggan/command/layout.py": "lays out the help",
    "fashion_pggan/command/lifetime.py": "ends the process when its starter has ended",
    "fashion_pggan/command/line.py": "the table of commands",
    "fashion_pggan/command/mistakes.py": "words errors",
    "fashion_pggan/command/options.py": "types of options",
    "fashion_pggan/command/roles.py": "refuses paths",
    "fashion_pggan/command/voice.py": "says which process tells an error",
    "fashion_pggan/cores.py": "counts cores; what depends on their number keeps it (train.machine.choices)",
    "fashion_pggan/errors.py": "defines exceptions",
    "fashion_pggan/loopback.py": "says which requests a local server refuses",
    "fashion_pggan/no_pandas.py": "spares an import; no value depends on it",
    "fashion_pggan/paths.py": "refuses paths",
    "fashion_pggan/progress.py": "draws progress bars and writes log lines",
    "fashion_pggan/verify/datasets.py": "says which files are damaged",
    "fashion_pggan/verify/dvc_cache.py": "finds a run in DVC's cache, which resumes bit for bit",
    "fashion_pggan/verify/findings.py": "says which files are damaged",
    "fashion_pggan/verify/listed.py": "says which files are damaged",
    "fashion_pggan/verify/stage_outputs.py": "finds a run in DVC's cache, which resumes bit for bit",
}
# Imported for an option that no stage gives, so that what it imports is no stage's.
NEVER_BY_A_STAGE = {"evaluate.sets.squares": "for --size alone"}
# A stage depends on folders; on these files alone, because their folder holds what the stage does not use.
SINGLE_FILES = {
    "fashion_pggan/devices.py": "lies beside the other folders of shared code",
    "fashion_pggan/images/grid.py": "the rest of the folder decodes for curate, no reason to train",
    "fashion_pggan/program.py": "lies beside the other folders of shared code",
    "fashion_pggan/provenance.py": "lies beside the other folders of shared code",
}


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def file_of(module: str) -> Path:
    path = REPOSITORY.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(file_of(module).read_text(encoding="utf-8"))


def started_by(module: str) -> Iterator[str]:
    """The modules that a module starts as processes, `["python", "-m", "demo_shop"]`, or runs by name."""
    package, _, name = module.rpartition(".")
    if name == "__main__" and (REPOSITORY / package / "command_line.py").is_file():
        yield f"{package}.command_line"
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.List):
            words = [part.value if isinstance(part, ast.Constant) else None for part in node.elts]
            for option, name in pairwise(words):
                if option == "-m" and isinstance(name, str) and PROCESS.fullmatch(name):
                    yield main_of(name)


def main_of(name: str) -> str:
    return f"{name}.__main__" if (REPOSITORY.joinpath(*name.split("."))).is_dir() else name


def reached_from(entry: str) -> set[str]:
    """Every module of ours that runs, or may run, in the processes of an entry point."""
    reached: set[str] = set()
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            imported = imports().find_modules_directly_imported_by(module)
            waiting += imported - NEVER_BY_A_STAGE.keys()
            waiting += started_by(module)
            waiting += [module.rpartition(".")[0]] if "." in module else []  # a package's __init__.py
    return reached


def says_nothing(module: str) -> bool:
    """Whether a module is a docstring alone, as most `__init__.py` are."""
    return tree_of(module).body[1:] == [] and ast.get_docstring(tree_of(module)) is not None


@cache
def reached_files(stage: str) -> dict[str, str]:
    """The files of code that a stage's outputs may depend on, by module."""
    entry = main_of(STAGES[stage]["cmd"].split()[3])
    files = {module: str(file_of(module).relative_to(REPOSITORY)) for module in reached_from(entry)}
    return {
        module: file for module, file in files.items() if file not in NO_OUTPUT and not says_nothing(module)
    }


def code_deps(stage: str) -> list[str]:
    return [dep for dep in STAGES[stage]["deps"] if dep.split("/")[0] in PACKAGES]


def lies_in(file: str, dep: str) -> bool:
    return file == dep or file.startswith(f"{dep}/")


@pytest.mark.parametrize("module", NEVER_BY_A_STAGE)
def test_what_no_stage_needs_is_imported_in_functions_alone(module: str) -> None:
    importers = imports().find_modules_that_directly_import(module)
    assert importers
    for importer in importers:
        at_once = [node for node in tree_of(importer).body if isinstance(node, ast.ImportFrom)]
        assert module not in {node.module for node in at_once}


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_reaches_lies_in_a_dependency(stage: str) -> None:
    deps = code_deps(stage)
    missing = {
        module: file
        for module, file in reached_files(stage).items()
        if not any(lies_in(file, dep) for dep in deps)
    }
    assert not missing, f"add to dvc.yaml, {stage}.deps, the folders of {sorted(missing.values())}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_no_code_that_it_does_not_reach(stage: str) -> None:
    files = reached_files(stage).values()
    unused = [dep for dep in code_deps(stage) if not any(lies_in(file, dep) for file in files)]
    assert not unused, f"take out of dvc.yaml, {stage}.deps: {unused}"


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_ignores_no_module_that_a_stage_reaches(stage: str) -> None:
    seen = [
        file for file in reached_files(stage).values() if any(lies_in(file, folder) for folder in IGNORED)
    ]
    assert not seen, f"take the folders of {seen} out of .dvcignore"


def test_dependencies_on_code_are_folders_but_for_files_with_a_reason() -> None:
    files = {dep for stage in STAGES for dep in code_deps(stage) if not (REPOSITORY / dep).is_dir()}
    assert files == set(SINGLE_FILES)


def test_what_no_output_depends_on_exists() -> None:
    assert [file for file in NO_OUTPUT if not (REPOSITORY / file).is_file()] == []


def test_the_closure_follows_imports_inside_functions_packages_and_processes() -> None:
    curate, crawl = reached_files("curate"), reached_files("crawl")
    assert "curate.workers.child" in curate  # a process of its own
    assert "demo_shop.draw.garment" in crawl  # behind a process
    assert "train.model.networks" not in curate
    assert "fashion_pggan.distance.swd" in reached_files("train")
    assert "fashion_pggan.images.grid" in reached_files("train")
    assert "generate.sampling.recipe" in reached_files("generate")
