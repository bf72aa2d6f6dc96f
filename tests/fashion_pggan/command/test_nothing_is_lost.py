"""Every command that writes is given places where something of the user's lies; nothing of it is lost."""

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from cyclopts import App

import crawler.store.raw
import curate.export
import curate.stage
import generate.publish.model_folder
import generate.stage
import train.stage
from fashion_pggan.command.line import call, program
from fashion_pggan.command.roles import Fills, Makes, Writes, role_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import RawImage, write_records
from fashion_pggan.storage.targets import Kind, replace_target

REPOSITORY = Path(__file__).parents[3]
# A call of each command that writes; each path that it writes stands in braces.
CALLS = {
    "crawl": "crawl {target} --report {report} --store store --tombstones tombstones.jsonl",
    "curate": "curate in/raw {target} --report {report} --plots {plots} --knowledge known --workers 1",
    "curate export": "curate export in/raw {target} --format parquet",
    "train run": "train run in/raw {models} --carried {carried} --report {report} --history {history} "
    "--runs runs --device cpu",
    "train export": "train export in/raw/1.jpg {out} --format onnx",
    "train import-official": "train import-official in/raw/1.jpg {out}",
    "train export-official": "train export-official in/raw/1.jpg {out}",
    "runs export": "runs export in/raw {file}",
    "generate": "generate in/raw {out} --report {report} --device cpu",
    "evaluate": "evaluate in/raw --json {json} --csv {csv} --html {html}",
    "evaluate snapshots": "evaluate snapshots in/raw in/raw {reports}",
    "evaluate better": "evaluate better in/raw/1.jpg in/raw/1.jpg in/raw --json {json}",
    "evaluate keep": "evaluate keep in/raw/1.jpg in/raw --json {json}",
    "evaluate copies": "evaluate copies in/raw in/raw --sheet {sheet} --json {json}",
    "evaluate labels": "evaluate labels in/raw --json {json}",
    "evaluate variation": "evaluate variation in/raw --json {json}",
    "evaluate features": "evaluate features in/raw in/raw --network in/raw/1.jpg --json {json}",
    "publish model": "publish model in/raw {out} --licence other --reports in/raw --params in/raw/1.jpg "
    "--device cpu",
    "use": "use paper --out {out}",
    "demo-shop": "demo-shop --tls {tls} --sites {sites} --faults 1 --port 0",
}
KINDS = {  # of the folders that a command makes, in the order of its options
    "crawl": [crawler.store.raw.KIND],
    "curate": [curate.stage.KIND],
    "curate export": [curate.export.KIND],
    "train run": [train.stage.KIND, train.stage.RUN],
    "generate": [generate.stage.KIND],
    "publish model": [generate.publish.model_folder.KIND],
}
# Other ways to write a file, of commands whose path may be a folder, too.
FILES = {
    "generate in/raw {out}.png --grid 1x1 --device cpu": "png",
    "generate in/raw {out}.webp --interpolate 1 2 --device cpu": "webp",
    "generate in/raw {out}.png --recipe in/raw/1.jpg --device cpu": "png",
}


def commands(app: App, name: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command with its function."""
    if app.default_command:
        yield name, app.default_command
    for each in app:
        if not each.startswith("-"):
            yield from commands(app[each], f"{name} {each}".strip())


def roles(function: Any) -> Iterator[tuple[str, object]]:
    """A command's paths and what it does with each."""
    for name, hint in get_type_hints(function, include_extras=True).items():
        plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if is_dataclass(plain):
            yield from roles(plain)
        elif Path in (plain, *get_args(plain)):
            yield name, role_of(hint)


def written(function: Any) -> dict[str, object]:
    """The paths that a command writes."""
    return {name: role for name, role in roles(function) if role is Makes or isinstance(role, Writes | Fills)}


WRITTEN = {name: found for name, function in commands(program(loaded=True)) if (found := written(function))}
READ = {  # the paths that commands only read: whoever adds one says so here, or gives it a role
    "curate export": {"dataset"},
    "curate": {"params", "answers", "overrides"},
    "curate browse": {"dataset", "overrides"},  # overrides.csv is written, after it was read as one
    "crawl": {"params"},
    "crawl merge": {"parts"},
    "crawl share": {"raw"},
    "demo-shop": {"images", "labels"},
    "publish model": {"models", "reports", "params"},
    "publish upload": {"folder"},
    "evaluate better": {"former", "new", "dataset", "params"},
    "evaluate keep": {"new", "dataset", "params"},
    "evaluate copies": {"training", "generated", "params"},
    "evaluate features": {"first", "second", "network", "params"},
    "evaluate labels": {"dataset", "models", "params"},
    "evaluate snapshots": {"dataset", "models", "params"},
    "evaluate variation": {"images", "params"},
    "evaluate": {"first", "second", "params"},
    "explore": {"snapshot", "data"},
    "generate": {"snapshot", "params", "data", "distances", "runs", "recipe"},
    "models fetch": {"wheel"},
    "runs import": {"file"},
    "runs list": {"runs", "models", "params"},
    "runs share": {"models", "carried"},
    "runs track": {"runs", "reports"},
    "show": {"raw"},
    "summary": {"reports", "models", "generated"},
    "train board": {"runs"},
    "train export": {"snapshot"},
    "train export-official": {"snapshot"},
    "train import-official": {"weights"},
    "train run": {"dataset", "params"},
    "train status": {"run", "runs"},
    "verify": {"place"},
}
WITH_PARAMS = [(name, key) for name, found in WRITTEN.items() for key in found]


def made_of(name: str) -> list[str]:
    return [key for _, key, _, _ in string.Formatter().parse(CALLS[name]) if key]


def test_no_path_of_a_command_is_forgotten() -> None:
    assert {name: sorted(found) for name, found in WRITTEN.items()} == {
        name: sorted(made_of(name)) for name in CALLS
    }
    assert {name for name, found in WRITTEN.items() if Makes in found.values()} == set(KINDS)
    read = {
        name: {key for key, role in roles(function) if role is None}
        for name, function in commands(program(loaded=True))
    }
    assert {name: keys for name, keys in read.items() if keys} == READ


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with work in it; the test runs in its folder `work`."""
    home = tmp_path / "home"
    for name in (
        "photos/1.jpg",
        "photos/old/2.jpg",
        "work/in/raw/1.jpg",
        "work/in/thesis.txt",
        "work/notes.md",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"precious")
    (home / "work/link").symlink_to("../photos")
    (home / "work/presets").symlink_to(REPOSITORY / "presets")
    (home / "work/params.yaml").write_bytes((REPOSITORY / "params.yaml").read_bytes())
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "work")
    return home


def tree(folder: Path) -> dict[str, bytes | str]:
    """All that lies in a folder."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def refused(home: Path, tokens: list[str]) -> None:
    """The call ends with one line, and all that was there is there."""
    before = tree(home)
    with pytest.raises((UserError, OSError)) as raised:
        call(*tokens)
    assert "\n" not in str(raised.value)
    assert ":" in str(raised.value)
    after = tree(home)
    assert {name: after.get(name) for name in before} == before, tokens


def tokens_of(name: str, **places: str | Path) -> list[str]:
    fresh = {key: f"new-{key}" for key in made_of(name)}
    return [token.format(**{**fresh, **places}) for token in CALLS[name].split()]


PLACES = ["../photos", "link", ".", "..", "in", "in/raw", "~", "~/photos", "HOME", "../../home"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("name", "key"), [each for each in WITH_PARAMS if not isinstance(WRITTEN[each[0]][each[1]], Fills)]
)
def test_a_folder_of_the_user_is_not_replaced(home: Path, name: str, key: str, place: str) -> None:
    refused(home, tokens_of(name, **{key: str(home) if place == "HOME" else place}))


@pytest.mark.parametrize("name", KINDS)
def test_a_folder_with_one_file_more_than_was_written_is_not_replaced(home: Path, name: str) -> None:
    keys = [key for key, role in WRITTEN[name].items() if role is Makes]
    for key, kind in zip(keys, KINDS[name], strict=True):
        made(home / f"work/{key}", kind)
        (home / f"work/{key}/thesis.txt").write_text("precious")
        refused(home, tokens_of(name, **{key: key}))


def made(target: Path, kind: Kind) -> None:
    with replace_target(target, kind) as new:
        write_records(new / "records.parquet", [], RawImage)


FOREIGN = [
    "notes.md",
    "in/raw/1.jpg",
    "params.yaml",
    "../photos/1.jpg",
    "link/1.jpg",
    "package.json",
    "t.csv",
]


@pytest.mark.parametrize("place", FOREIGN)
@pytest.mark.parametrize(("name", "key"), WITH_PARAMS)
def test_a_file_of_the_user_is_not_replaced(home: Path, name: str, key: str, place: str) -> None:
    (home / "work/package.json").write_text('{"name": "mine", "version": 1}')
    (home / "work/t.csv").write_text("name,price\nshirt,1\n")
    if name == "use" and place == "params.yaml":
        pytest.skip("it keeps the former params.yaml beside it")
    role = WRITTEN[name][key]
    if isinstance(role, Fills):
        for file in role.files:
            (home / "work/filled").mkdir()
            (home / "work/filled" / file).write_bytes((home / "work" / place).read_bytes())
            refused(home, tokens_of(name, **{key: "filled"}))
            (home / "work/filled" / file).unlink()
            (home / "work/filled").rmdir()
    else:
        refused(home, tokens_of(name, **{key: place}))


@pytest.mark.parametrize(("name", "key"), WITH_PARAMS)
def test_no_file_is_put_into_a_folder_that_is_made_anew(home: Path, name: str, key: str) -> None:
    made(home / "work/made", train.stage.KIND)
    place = "made" if isinstance(WRITTEN[name][key], Fills) else "made/report.json"
    if WRITTEN[name][key] is not Makes:
        refused(home, tokens_of(name, **{key: place}))


@pytest.mark.parametrize("line", FILES)
def test_a_file_of_another_kind_is_not_replaced(home: Path, line: str) -> None:
    (home / f"work/mine.{FILES[line]}").write_bytes(b"precious")
    refused(home, [token.format(out="mine") for token in line.split()])


@pytest.mark.parametrize(
    "line",
    [
        "curate in/raw out --workers 1 --knowledge in/raw",
        "curate in/raw out --workers 1 --knowledge in/raw/known",
        "train run in/raw models --device cpu --runs in/raw/runs",
        "evaluate in/raw --store in/raw",
    ],
)
def test_nothing_is_kept_in_a_folder_that_is_read(home: Path, line: str) -> None:
    with pytest.raises(UserError, match="lies in in/raw, which is only read: give a place outside"):
        call(*line.split())
    assert [path.name for path in (home / "work/in/raw").iterdir()] == ["1.jpg"]


def test_a_preset_is_written_through_a_link_which_stays(home: Path) -> None:
    (home / "work/params.yaml").rename(home / "mine.yaml")
    (home / "work/params.yaml").symlink_to("../mine.yaml")
    call("use", "photos")
    assert (home / "work/params.yaml").is_symlink()
    assert "shop_images" in (home / "mine.yaml").read_text()
    assert (home / "work/params.before.yaml").is_file()


@pytest.mark.parametrize("name", [name for name in WRITTEN if len(made_of(name)) > 1])
def test_no_two_outputs_are_one(home: Path, name: str) -> None:
    first, second, *_ = (key for key in made_of(name) if not isinstance(WRITTEN[name][key], Fills))
    with pytest.raises(UserError, match=re.escape("give different files")):
        call(*tokens_of(name, **{first: "one", second: "one"}))
    assert not (home / "work/one").exists()
