"""`python -m curate` as a person meets it: one line for what goes wrong."""

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params

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
