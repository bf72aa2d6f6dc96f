"""No argument is taken for what it is not: nothing, a URL, a half, a place where nothing can be written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from cyclopts import App, Argument

from fashion_pggan.command.line import call, program
from fashion_pggan.errors import ArgumentError

URLS = ("s3://bucket/b", "s3:/b", "HTTPS://b")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what were taken after all would write here


def apps(app: App, *above: str) -> Iterator[tuple[tuple[str, ...], App]]:
    yield above, app
    for name in app:
        if not name.startswith("-"):
            yield from apps(app[name], *above, name)


def kinds(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from kinds(part)


def arguments() -> Iterator[tuple[tuple[str, ...], Argument, list[str]]]:
    """Each argument of each command, with words that stand for the required ones before it."""
    for words, app in apps(program()):
        if app.default_command is None:
            continue
        before: list[str] = []
        for argument in app.assemble_argument_collection():
            if argument.children:  # a class of options, which follow
                continue
            yield words, argument, list(before)
            if not argument.name.startswith("-"):
                before.append("x")


ARGUMENTS = list(arguments())
PATHS = [each for each in ARGUMENTS if Path in set(kinds(each[1].hint))]


def given(words: tuple[str, ...], argument: Argument, before: list[str], value: str) -> list[str]:
    if argument.name.startswith("-"):
        return [*words, *before, argument.name, value]
    return [*words, *before, value]


def shown(words: tuple[str, ...], argument: Argument) -> str:
    return " ".join([*words, argument.name])


@pytest.mark.parametrize("each", PATHS, ids=[shown(words, argument) for words, argument, _ in PATHS])
def test_a_path_refuses_urls_and_nothing_at_all(each: tuple[tuple[str, ...], Argument, list[str]]) -> None:
    words, argument, before = each
    for value in (*URLS, ""):
        with pytest.raises(ArgumentError) as caught:
            call(*given(words, argument, before, value))
        name = argument.name if argument.name.startswith("-") else argument.name.upper()
        assert re.match(
            rf"{re.escape(name)} {re.escape(value) or chr(39) * 2}: give a path", str(caught.value)
        )
        assert "\n" not in str(caught.value)


def test_every_command_was_walked() -> None:
    names = {shown(words, argument) for words, argument, _ in PATHS}
    assert len(names) > 40
    some = {"crawl target", "crawl merge parts", "evaluate copies --store", "use --out"}
    assert some <= {name.lower() for name in names}


@pytest.mark.parametrize("each", ARGUMENTS, ids=[shown(words, argument) for words, argument, _ in ARGUMENTS])
def test_no_argument_is_empty(each: tuple[tuple[str, ...], Argument, list[str]]) -> None:
    words, argument, before = each
    if argument.is_flag() or bool in get_args(argument.hint):
        return
    more = ["1"] * (argument.token_count()[0] - 1)
    with pytest.raises(ArgumentError, match=r" ''.*: give "):
        call(*given(words, argument, before, ""), *more)


OUTPUTS = [
    ["crawl", "x", "--report"],
    ["curate", "x", "y", "--report"],
    ["train", "run", "x", "y", "--history"],
    ["train", "export", "--format", "onnx", "x"],
    ["train", "import-official", "x"],
    ["generate", "x", "y", "--report"],
    ["evaluate", "x", "--html"],
    ["evaluate", "copies", "x", "y", "--sheet"],
    ["use", "paper", "--out"],
    ["demo-shop", "--tls"],
]


@pytest.mark.parametrize("words", OUTPUTS, ids=" ".join)
def test_a_file_that_cannot_be_written_is_found_before_any_work(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=f" {tmp_path}: this is a folder: give the name of a file"):
        call(*words, str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match=f" {tmp_path}/file/below: .*/file is a file: give a path in a"):
        call(*words, f"{tmp_path}/file/below")


@pytest.mark.parametrize("words", [["curate", "x", "y", "--plots"], ["evaluate", "snapshots", "x", "y"]])
def test_a_folder_that_is_a_file_is_found_before_any_work(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ArgumentError, match=f" {place}: .* is a file: give a "):
            call(*words, str(place))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("curate s3:/b x", "SOURCE s3:/b: give an address with ://, such as s3://bucket/raw"),
        ("evaluate a --images 1.5", "--images 1.5: give a whole number"),
        ("evaluate a --seed 0x10", "--seed 0x10: give a whole number"),
        ("evaluate features a b --network n --neighbours 0", "--neighbours 0: give 1 or more"),
        ("crawl forget --host http://x", "--host http://x: give a name such as example.org"),
        ("crawl forget --sha256 12", "--sha256 12: give 64 hexadecimal digits"),
        ("crawl forget --url x", "--url x: give a URL"),
        ("generate a b.png --grid 4", "--grid 4: give rows and columns"),
        ("generate a b --grid 4x4", "OUT b: give a name that ends in .png"),
        ("generate a b --interpolate 1 2", "OUT b: give a name that ends in .webp or .mp4"),
        ("generate a b.webp --interpolate 1 2 --frames 1", "--frames 1: give 2 to 10000"),
        ("generate a b --count 0", "--count 0: give more than 0"),
        ("generate a b --format gif", "--format gif: give png, webp or jpeg"),
        ("generate a b --device gpu", "--device gpu: give auto, cpu, cuda or cuda:N"),
        ("demo-shop --faults x", "--faults x: give a seed"),
        ("demo-shop --image-bytes -4", "--image-bytes -4: give 4000 or more"),
        ("demo-shop --repeat 0", "--repeat 0: give 1 or more"),
        ("use paper --set x", "--set x: give SECTION.KEY=VALUE"),
    ],
)
def test_a_wrong_value_is_named_before_anything_is_read(line: str, says: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(says)):
        call(*line.split())
