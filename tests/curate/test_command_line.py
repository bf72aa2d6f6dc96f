"""`python -m curate` as a person meets it: one line for what goes wrong."""

import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.options import Settings
from fashion_pggan.command.line import call
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.params import CurateParams, load_params

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def command(wild, tmp_path):
    """The command that makes a dataset of the wild images, with further arguments."""
    values = load_params(REPOSITORY / "presets" / "photos.yaml").model_dump()
    values["curate"] |= {"resolution": 32, "min_side": 64, "max_aspect": 2.5, "shard_images": 4}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    paths = [str(wild), str(tmp_path / "out"), "--params", str(tmp_path / "params.yaml")]
    paths += ["--knowledge", str(tmp_path / "known")]
    return lambda *more: [sys.executable, "-m", "curate", *paths, *more]


def _limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_full_disk_is_one_clear_line_and_loses_nothing(
    command, made, wild, known, tmp_path, params, run, tree
):
    """A limit on the size of files stands for the disk: writing fails in the same place."""
    shutil.copytree(made / "out", tmp_path / "out")
    before = tree(tmp_path / "out")
    full = subprocess.run(
        command("--workers", "1"),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=_limit_files,
    )
    assert full.returncode == 1
    assert full.stderr.strip().splitlines()[-1].startswith("error: cannot write: File too large")
    assert "Traceback" not in full.stderr
    assert tree(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    run(wild, tmp_path / "out", params)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--workers", "0"], "--workers 0: give 1 or more"),
        (["--params", "no.yaml"], "no parameters at no.yaml"),
    ],
)
def test_bad_arguments_are_one_clear_line(command, more, says):
    with pytest.raises(UserError) as caught:
        call(*command(*more)[2:])
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_every_parameter_is_an_option() -> None:
    assert {field.name for field in fields(Settings)} == set(CurateParams.model_fields)


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each call of the command, in a folder of its own, passes to the stage."""
    seen: list[dict[str, Any]] = []

    def run(source: Path, target: Path, params: CurateParams, **more: Any) -> Counter[str]:
        seen.append({**more, "params": params})
        return Counter()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("curate.stage.run", run)
    return seen


def test_outside_a_repository_options_and_the_paper_s_values_serve(
    wild: Path, tmp_path: Path, chosen: list[dict[str, Any]]
) -> None:
    options = "--min-side 64 --resolution 32 --styles flat --styles worn --max-scores.worn 0.2 --enlarge"
    call("curate", str(wild), "out", *options.split(), "--max-aspect", "3", "--no-colour-variants")
    paper = load_params(REPOSITORY / "presets" / "paper.yaml").curate
    assert chosen[0]["knowledge"] == tmp_path / "cache/fashion-pggan/curate"
    given = {"min_side": 64, "resolution": 32, "styles": ["flat", "worn"], "max_scores": {"worn": 0.2}}
    assert chosen[0]["params"] == paper.model_copy(update={**given, "enlarge": True, "max_aspect": 3.0})


def test_options_go_before_params_yaml(wild: Path, tmp_path: Path, chosen: list[dict[str, Any]]) -> None:
    text = (REPOSITORY / "presets" / "photos.yaml").read_text()
    assert "  styles: []" in text
    (tmp_path / "params.yaml").write_text(text.replace("  styles: []", "  styles: [flat]"))
    call("curate", str(wild), "out")
    call("curate", str(wild), "out", "--any-style")
    assert [given["params"].styles for given in chosen] == [["flat"], []]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--min-side 0", r"^--min-side 0: give more than 0$"),
        ("--min-side 12.5", r"^--min-side 12\.5: give a whole number"),
        ("--max-banner 2", r"^--max-banner 2\.0: give 1 or less$"),
        ("--max-aspect nan", r"^--max-aspect nan: give a finite number$"),
        ("--styles red", r"^--styles red: give worn, mannequin, flat"),
        ("--max-scores.red 1", r"^--max-scores red 1\.0: give worn, mannequin, flat"),
        ("--max-scores.worn 7", r"^--max-scores worn 7\.0: give 1 or less"),
        ("--crop middle", r"^--crop middle: give centre, garment or top$"),
        ("--resolution 100", r"100 .*power of two"),
        (
            "--resolution 1024",
            "^min_side 512 is below resolution 1024, which enlarges images: raise",
        ),
        ("--min-sid 1", r"^--min-sid: no such option: did you mean --min-side\?"),
    ],
)
def test_a_wrong_option_is_one_line(
    wild: Path, chosen: list[dict[str, Any]], options: str, says: str
) -> None:
    with pytest.raises(ArgumentError, match=says):
        call("curate", str(wild), "out", *options.split())
    assert chosen == []
