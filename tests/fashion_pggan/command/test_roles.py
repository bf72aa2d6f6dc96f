"""What a command does with the paths on its command line."""

import shutil
from pathlib import Path

import pytest

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("crawl forget --url http://a.example/1.jpg", "tombstones.jsonl"),
        ("crawl forget --url http://a.example/1.jpg --tombstones deep/gone.jsonl", "deep/gone.jsonl"),
        ("use photos", "params.yaml"),
    ],
)
def test_what_a_killed_command_left_beside_its_file_goes_with_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, written: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REPOSITORY / "presets", "presets")
    Path(written).parent.mkdir(exist_ok=True)
    left, mine = (
        Path(written).with_name(f".{Path(written).name}.{end}") for end in ("0123abcd.pggan", "old")
    )
    for path in (left, mine):
        path.touch()
    call(*command.split())
    assert Path(written).stat().st_size
    assert [path.exists() for path in (left, mine)] == [False, True]


@pytest.mark.parametrize(
    "command",
    [
        "curate raw loop/out",
        "crawl out --store loop",
        "train run loop models",
        "generate loop out",
        "summary loop",
        "use photos --out loop",
        "runs list",
    ],
)
def test_a_link_to_itself_is_named_given_or_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "loop" if "loop" in command else "models"
    Path(name).symlink_to(name)
    with pytest.raises(UserError, match=f"{name}.* is a link that leads to itself: remove it"):
        call(*command.split())


@pytest.mark.parametrize(
    "command",
    [
        "curate raw data/n2 --report data/.n2.building/x.json",
        "curate raw data/.n2.building/new",
        "crawl data/raw --store data/.raw.building/store",
        "use photos --out .models.building/params.yaml",
        "evaluate a b --json link/x.json",
    ],
)
def test_nothing_is_written_where_an_output_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to("data/.n2.building/deep")
    with pytest.raises(
        UserError, match=r"is in .*/\.\w+\.building, where an output is built: give another place"
    ):
        call(*command.split())
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_repository_may_lie_below_a_folder_of_such_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".my.building").mkdir()
    monkeypatch.chdir(tmp_path / ".my.building")
    shutil.copytree(REPOSITORY / "presets", "presets")
    call("use", "photos")
    assert Path("params.yaml").is_file()
