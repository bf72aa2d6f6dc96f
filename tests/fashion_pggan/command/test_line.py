"""The one command line: help, mistakes, completion, all without a heavy import."""

import importlib
import json
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App, CycloptsError

from curate.export import Format, ImageFormat
from evaluate.measures.feature_network import SCALES
from fashion_pggan.command.line import call, program
from fashion_pggan.errors import ArgumentError, UserError
from train.exchange.generator_export import FORMS

REPOSITORY = Path(__file__).parents[3]
HEAVY = ("torch", "cv2", "scrapy", "prefect", "pandas", "numpy", "pydantic")
LOOK = """
import contextlib, io, json, sys
from fashion_pggan.command.line import call
from fashion_pggan.errors import ArgumentError, UserError
said = {}
for tokens in json.loads(sys.argv[1]):
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            call(*tokens)
    except ArgumentError as error:
        print(error, file=out)
    said[" ".join(tokens)] = out.getvalue()
heavy = [name for name in %r if name in sys.modules]
print(json.dumps([said, heavy]))
"""
WRONG: dict[str, str] = {
    "--nonsense": "--nonsense: no such option (see fashion-pggan --help)",
    "crawls": "crawls: no such command: did you mean crawl? (see fashion-pggan --help)",
    "crawl": "TARGET is missing: name the folder to make, such as data/raw",
    "crawl x --dry": "--dry: no such option: did you mean --dry-run? (see fashion-pggan crawl --help)",
    "crawl x y": "y: one argument too many: leave it out (see fashion-pggan crawl --help)",
    "crawl x --report": "--report has no value: give one (see fashion-pggan crawl --help)",
    "crawl merge": "PARTS are missing: name the stores to merge",
    "crawl forget": "nothing to forget: give --url, --host or --sha256",
    "curate x": "TARGET is missing: give it (see fashion-pggan curate --help)",
    "curate x y --workers 0": "--workers 0: give 1 or more (see fashion-pggan curate --help)",
    "curate x y --workers many": "--workers many: give a whole number (see fashion-pggan curate --help)",
    "curate export x y": "--format is missing: give it (see fashion-pggan curate export --help)",
    "curate export x y --format zip": "--format zip: give imagefolder, webdataset or parquet "
    "(see fashion-pggan curate export --help)",
    "train run x y --devise cpu": "--devise: no such option: did you mean --device? "
    "(see fashion-pggan train run --help)",
    "train walk": "walk: no such command (see fashion-pggan train --help)",
    "generate models": "OUT is missing: give a snapshot or a folder of models, and where to write",
    "generate a b --grid 1x1 --recipe c": "--grid and --recipe exclude each other: give one",
    "generate a b --interpolate 3": "--interpolate has too few values: give 2 "
    "(see fashion-pggan generate --help)",
    "generate a b --truncation much": "--truncation much: give a number (see fashion-pggan generate --help)",
    "evaluate": "FIRST is missing: give it (see fashion-pggan evaluate --help)",
    "evaluate a b --images 0": "--images 0: give 1 or more (see fashion-pggan evaluate --help)",
    "evaluate a --seed -1": "--seed -1: give 0 or more (see fashion-pggan evaluate --help)",
    "evaluate features a b": "--network is missing: give it (see fashion-pggan evaluate features --help)",
    "explore --port 65536": "--port 65536: give 1 to 65535, or 0 for a free one "
    "(see fashion-pggan explore --help)",
    "demo-shop --port -1": "--port -1: give 1 to 65535, or 0 for a free one "
    "(see fashion-pggan demo-shop --help)",
    "demo-shop --products -1": "--products -1: give 0 or more (see fashion-pggan demo-shop --help)",
    "flows ask crawls": "STAGE crawls: give crawl, curate, train, evaluate, generate or weekly "
    "(see fashion-pggan flows ask --help)",
    "completion tcsh": "SHELL tcsh: give bash, fish, zsh or powershell (see fashion-pggan completion --help)",
}

MODULES = {
    "crawler": ["crawl"],
    "curate": ["curate"],
    "train": ["train"],
    "generate": ["generate"],
    "generate.explore": ["explore"],
    "evaluate": ["evaluate"],
    "demo_shop": ["demo-shop"],
    "flows": ["flows"],
    "flows.ask": ["flows", "ask"],
    "flows.full_flow": ["flows", "run"],
    "flows.train_flow": ["flows", "run"],
}
WRITTEN = re.compile(
    r"^(?: {4,}| *cmd: )(?!prefect ).*?(?:python -m ([\w.]+)|fashion-pggan)((?: [^#`|&;>\n]*)?)", re.MULTILINE
)


def commands_of(app: App, *above: str) -> Iterator[tuple[str, ...]]:
    """Every command, as its words."""
    yield above
    for name in app:
        if not name.startswith("-"):
            yield from commands_of(app[name], *above, name)


COMMANDS = list(commands_of(program()))


@pytest.fixture(scope="module")
def looked() -> tuple[dict[str, str], list[str]]:
    """What help and mistakes say in one fresh interpreter, and what it has imported then."""
    tokens = [[*command, "--help"] for command in COMMANDS] + [line.split() for line in WRONG]
    ended = subprocess.run(
        [sys.executable, "-c", LOOK % (HEAVY,), json.dumps(tokens)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said, heavy = json.loads(ended.stdout)
    return said, heavy


def test_help_and_mistakes_import_nothing_heavy(looked: tuple[dict[str, str], list[str]]) -> None:
    assert looked[1] == []


def test_the_reference_names_the_options_that_the_help_names(
    looked: tuple[dict[str, str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "docs")
    page = importlib.import_module("tables").commands("")
    helped = "".join(text for tokens, text in looked[0].items() if tokens.endswith("--help"))
    named, shown = (set(re.findall(r"--[a-z][\w-]+", text)) for text in (page, helped))
    assert len(named) > 40
    assert named - shown == set()
    assert shown - named <= {"--help", "--version"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(
    command: tuple[str, ...], looked: tuple[dict[str, str], list[str]]
) -> None:
    said = looked[0][" ".join([*command, "--help"])]
    assert said.startswith(" ".join(["Usage: fashion-pggan", *command]))
    assert re.search(r"^For example:\n    (fashion-pggan|torchrun) ", said, re.MULTILINE)
    name = r"^  (?:--)?[\w-]+(?: [A-Z]+)*(?:\.\.\.)?"
    undescribed = re.findall(rf"{name} *(?:\[.*)?$(?!\n {{24}}[^\[ ])", said, re.MULTILINE)
    assert undescribed == []
    panels = re.split(r"^(?:Commands|Arguments|Parameters):\n", said, flags=re.MULTILINE)[1:]
    assert all(len(line) <= 80 for panel in panels for line in panel.splitlines())


@pytest.mark.parametrize("line", WRONG)
def test_a_mistake_is_one_line_that_says_what_to_do(
    line: str, looked: tuple[dict[str, str], list[str]]
) -> None:
    assert looked[0][line] == f"{WRONG[line]}\n"


def test_a_mistake_ends_with_status_2() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "crawler", "data/raw", "--parms", "x"], capture_output=True, text=True
    )
    text = "error: --parms: no such option: did you mean --params? (see fashion-pggan crawl --help)\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", text)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_a_command(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("fashion_pggan.command.entry.run", lambda *words: asked.append(words))
    if not REPOSITORY.joinpath(*module.split(".")).is_dir():  # else its __main__ is run, which nobody imports
        monkeypatch.delitem(sys.modules, module, raising=False)
    runpy.run_module(module, run_name="__main__")
    assert len(asked) == 1
    call(*asked[0], "--help")
    assert capsys.readouterr().out.startswith(" ".join(["Usage: fashion-pggan", *MODULES[module]]))


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh", "powershell"])
def test_completion_is_a_script_that_knows_the_commands(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call("completion", shell)
    script = capsys.readouterr().out
    assert "fashion-pggan" in script
    for word in ("crawl", "forget", "import-official", "demo-shop"):
        assert word in script


def test_the_console_script_is_this_command_line() -> None:
    project: Any = REPOSITORY.joinpath("pyproject.toml").read_text(encoding="utf-8")
    assert 'fashion-pggan = "fashion_pggan.command.entry:main"' in project


def test_what_a_light_command_line_repeats_is_what_the_work_takes() -> None:
    for words, option, more, known in (
        (("curate", "export"), "format", [], {str(form) for form in Format}),
        (("curate", "export"), "image-format", ["--format", "parquet"], {str(form) for form in ImageFormat}),
        (("train", "export"), "format", [], set(FORMS)),
        (("evaluate", "features"), "pixels", ["--network", "n.pt"], set(SCALES)),
    ):
        with pytest.raises(ArgumentError) as caught:
            call(*words, "x", "y", f"--{option}", "none", *more)
        listed = str(caught.value).partition("give ")[2].partition(" (see")[0]
        assert set(re.split(r", | or ", listed)) == known


def test_the_last_of_a_repeated_option_counts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"no parameters at {tmp_path}/none"):
        call("crawl", "--dry-run", "--params", "params.yaml", f"--params={tmp_path}/none")


def written() -> Iterator[list[str]]:
    """The command lines that the repository's pages and the pipeline show, as words of this command line."""
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), REPOSITORY / "dvc.yaml"]
    for page in sorted(pages):
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for module, rest in WRITTEN.findall(text):
            if not module or module in MODULES:
                yield [*MODULES.get(module, []), *shlex.split(rest)]


def test_the_command_lines_of_the_docs_and_of_dvc_are_understood() -> None:
    lines = list(written())
    assert len(lines) > 20
    for words in lines:
        try:
            program().parse_args(words, exit_on_error=False, print_error=False)
        except CycloptsError as error:
            pytest.fail(f"{' '.join(words)}: {error}")
