"""Entries of dvc.lock that are not what DVC wrote are named, and no others."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.damage import flip
from tests.fashion_pggan.verify.conftest import files_of, named, said


def change_lock(repository: Path, path: str, **values: object) -> dict[str, Any]:
    """Change the entry of an output in dvc.lock; returns it as it was."""
    lock = yaml.safe_load((repository / "dvc.lock").read_text())
    (entry,) = [out for facts in lock["stages"].values() for out in facts["outs"] if out["path"] == path]
    before = dict(entry)
    entry |= values
    (repository / "dvc.lock").write_text(yaml.safe_dump(lock))
    return before


@pytest.mark.parametrize("path", ["models", "reports/swd.csv"])
def test_a_hash_in_the_lock_that_contradicts_what_is_there_is_named(repository, capsys, path):
    md5 = change_lock(repository, path)["md5"]
    changed = f"{'0' if md5[0] != '0' else '1'}{md5[1:]}"
    change_lock(repository, path, md5=changed)
    told = said(capsys, str(repository), status=1)
    assert (
        f"dvc.lock: its md5 of {path} is {changed}, but what is there, and in DVC's cache, has {md5}: "
        in told
    )
    assert "git checkout dvc.lock" in told
    (repository / path).rename(repository / "elsewhere")  # nothing tells which of the two is right
    assert repository / "dvc.lock" not in named(repository)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"md5": "zz"}, r"its md5 of models is none \(zz\): get it back"),
        ({"md5": 7}, r"its md5 of models is none \(7\): get it back"),
        ({"hash": "md4"}, "its hash of models is md4, not md5: get it back"),
        (
            {"size": 7},
            r"its size of models is 7, not \d+: get it back .git checkout dvc.lock., or, if .* dvc commit",
        ),
        ({"nfiles": 99}, r"its nfiles of models is 99, not \d+: get it back"),
        ({"size": 7, "nfiles": 99}, r"its size of models is 7, .* \(and 1 more\)"),
    ],
)
def test_an_entry_of_the_lock_that_is_none_is_named(repository, capsys, values, fault):
    change_lock(repository, "models", **values)
    assert re.search(f"dvc.lock: {fault}", said(capsys, str(repository), status=1))


def test_a_damaged_output_is_no_fault_of_the_lock(repository):
    flip(repository / "models/grids/1.png", 99)
    change_lock(
        repository, "models", size=sum(file.stat().st_size for file in files_of(repository / "models"))
    )
    (repository / "models/foreign.txt").write_text("mine")
    assert named(repository) == {repository / "models/grids/1.png", repository / "models/foreign.txt"}
