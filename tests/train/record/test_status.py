import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.hashes import hashed_json
from train.command_line import status
from train.record.status import run_status, runs_in, text_of
from train.record.status_file import Status, write_status
from train.saved.checkpoint import write_checkpoint

REPOSITORY = Path(__file__).parents[3]
STATUS = Status(
    images_shown=12_300,
    total_kimg=30.0,
    lod=1.75,
    resolution=16,
    final_resolution=32,
    s_per_kimg=4.9,
    remaining_s=5220.0,
    unmeasured=[32],
    skipped_steps=3,
    alarms=["score_gap", "stddev"],
    trained_s=61.0,
    device="cpu",
    processes=2,
    dataset_version="d",
    git_commit="c",
    written_at=1000.0,
)


@pytest.fixture
def run(tmp_path) -> Path:
    folder = tmp_path / "runs" / "abc"
    write_status(folder, STATUS)
    write_checkpoint(folder, 12_000, {})
    os.utime(folder / "checkpoint-000000012000.pt", (1000.0, 986.0))
    (folder / "latest.png").touch()
    os.utime(folder / "latest.png", (1000.0, 1001.0))
    (folder / "snapshots").mkdir()
    for name in ("000000.000", "000010.016"):
        (folder / "snapshots" / f"{name}.safetensors").touch()
    return folder


def test_a_run_that_nobody_holds_is_stopped_and_says_where(run):
    standing = run_status(run, now=1003.0)
    assert text_of(standing).splitlines() == [
        str(run),
        "  state       stopped",
        "  shown       12.3 of 30 kimg, 41 %",
        "  level       16 px of 32, fading in, lod 1.75",
        "  speed       4.9 s/kimg, at least 1 h 27 min left",
        "  checkpoint  at 12 kimg, 17 s ago",
        "  snapshots   2, the last at 10.016 kimg",
        f"  images      {run}/latest.png, 2 s ago",
        "  skipped     3 steps",
        "  alarms      score_gap, stddev",
        "  device      cpu, 2 processes, 1 min 1 s trained",
        "  written     3 s ago",
    ]


def test_a_file_of_another_name_is_no_snapshot(run):
    (run / "snapshots/mine.safetensors").touch()
    assert run_status(run)["snapshots"] == 2
    assert run_status(run)["last_snapshot_kimg"] == 10.016


def test_a_run_without_row_checkpoint_or_snapshot_has_words_for_that(tmp_path):
    fresh = {**vars(STATUS), "s_per_kimg": None, "remaining_s": None, "images_shown": 0, "lod": 3.0}
    write_status(tmp_path, Status(**{**fresh, "alarms": [], "processes": 1}))
    said = text_of(run_status(tmp_path, now=1000.0))
    assert "speed       not known in the first seconds" in said
    assert "checkpoint  none yet" in said
    assert "snapshots   0\n" in said
    assert "images      none yet" in said
    assert "alone, lod 3.00" in said
    assert "alarms      none" in said
    assert "cpu, 1 process," in said


def test_a_finished_run_has_no_time_left(tmp_path):
    write_status(tmp_path, Status(**{**vars(STATUS), "images_shown": 30_016, "remaining_s": 0.0, "lod": 0.0}))
    standing = run_status(tmp_path)
    assert (standing["state"], standing["percent"]) == ("finished", 100.0)
    assert "speed       4.9 s/kimg\n" in text_of(standing)


def test_a_run_that_a_process_holds_is_training(run):
    program = (
        "import sys, time; from pathlib import Path; from fashion_pggan.storage.locks import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(run)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        standing = run_status(run)
    finally:
        holder.kill()
        holder.communicate()
    assert (standing["state"], standing["process"]) == ("training", holder.pid)
    assert f"state       training (process {holder.pid})" in text_of(standing)
    assert run_status(run)["state"] == "stopped"


def test_the_weights_are_not_read(run):
    """What is no checkpoint at all makes no difference."""
    (run / "checkpoint-000000012000.pt").write_bytes(b"")
    assert run_status(run)["checkpoint_kimg"] == 12.0


def test_asking_leaves_the_run_as_it_is(run):
    before = sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*"))
    run_status(run)
    assert sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*")) == before


def test_runs_are_listed_with_the_one_written_last_first(run, tmp_path):
    other = run.parent / "other"
    write_status(other, STATUS)
    later = time.time() + 10
    os.utime(other / "status.json", (later, later))
    (run.parent / "no run").mkdir()
    assert runs_in(run.parent) == [other, run]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "cannot be read"),
        ('{"format": 2}', "this program reads format 1"),
        ('{"format": 1, "lod": 0.0}', "cannot be read"),
        (hashed_json({"format": 1, "lod": 0.0}).replace("0.0", "0.5"), "not those that were written"),
    ],
)
def test_a_broken_status_is_named(tmp_path, content, complaint):
    (tmp_path / "status.json").write_text(content)
    with pytest.raises(UserError, match=rf"status\.json .*{complaint}.*resume the run"):
        run_status(tmp_path)


def test_the_command_says_it_for_people_and_for_programs(run, command_here):
    said = command_here("status", run)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"{run}\n  state       stopped\n")
    one = json.loads(command_here("status", run, "--json").stdout)
    assert (one["kimg"], one["percent"], one["phase"]) == (12.3, 41.0, "fading in")
    assert one["remaining_is_a_lower_bound"] is True
    (listed,) = json.loads(command_here("status", "--runs", run.parent, "--json").stdout)
    assert listed["run"] == str(run)


def test_wrong_paths_are_named_with_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"no run at .*nowhere: run .* status --runs .* to list all"):
        run_status(tmp_path / "nowhere")
    with pytest.raises(
        UserError, match=r"is not the folder of a run \(it has no status\.json\): give one of those"
    ):
        run_status(tmp_path)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            UserError, match=r"no runs in .*: train first \(dvc repro train\), or give --runs"
        ):
            runs_in(folder)


def test_a_wrong_path_given_to_the_command_is_one_line(tmp_path, command_here):
    said = command_here("status", tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"error: {tmp_path} is not the folder of a run")
    assert said.stderr.count("\n") == 1


def test_what_a_run_says_of_itself_stays_on_its_line(tmp_path):
    run = tmp_path / "abc\n  state       finished\x1b[2J"
    write_status(run, replace(STATUS, device="cpu\n  alarms      none\x9b2J", alarms=["a\nb"]))
    text = text_of(run_status(run, now=1003.0))
    assert len(text.splitlines()) == 12
    assert text.isascii()
    assert "\n  state       stopped" in text
    assert r"cpu\n  alarms      none\x9b2J" in text
    assert r"  alarms      a\nb" in text


def test_a_run_that_cannot_be_read_hides_no_other(run, tmp_path, capsys):
    damaged = tmp_path / "runs" / "def" / "status.json"
    damaged.parent.mkdir()
    damaged.write_text("{")
    with pytest.raises(UserError, match=re.escape(f"{damaged} cannot be read")):
        status(runs=tmp_path / "runs")
    assert str(run) in capsys.readouterr().out
