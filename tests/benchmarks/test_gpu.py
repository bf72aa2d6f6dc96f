"""The two calls on a borrowed GPU: their time, what ends a step, what comes back."""

import fcntl
import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from benchmarks.gpu import running
from benchmarks.gpu.places import CHECKOUT, Carried
from benchmarks.gpu.prepare import PACKAGES
from benchmarks.gpu.running import GRACE_S, PACKING_S, pack, run_call, run_step
from benchmarks.gpu.steps import LIMITS, TINY, Sizes, Step, steps_of
from benchmarks.gpu.summary import summary_of


def steps(call):
    return steps_of(call, Path("results"), Path("work"), Carried(), Sizes())


@pytest.mark.parametrize("call", LIMITS)
def test_the_steps_of_a_call_fit_its_time(call):
    assert sum(step.seconds for step in steps(call)) + PACKING_S <= LIMITS[call]
    assert sum(LIMITS.values()) <= 15 * 60


def test_every_test_that_needs_a_gpu_is_in_one_of_the_calls():
    run = {word for call in LIMITS for step in steps(call) for word in step.command}
    marked = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "tests").rglob("test_*.py")
        if "pytest.mark.gpu" in path.read_text(encoding="utf-8") and path != Path(__file__)
    }
    assert marked
    assert marked <= run


def test_every_step_is_a_module_of_the_checkout_or_of_pytest():
    modules = {step.command[0] for call in LIMITS for step in steps(call)} - {"pytest"}
    for module in modules:
        path = CHECKOUT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_every_package_that_travels_is_pinned():
    pins = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    assert [name for name in PACKAGES if f"\n{name}==" not in pins] == []


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Programs as steps, by their text; the checkout is a folder of theirs."""
    monkeypatch.setattr(running, "CHECKOUT", tmp_path)

    def step(name, text, seconds=60):
        (tmp_path / f"{name}_program.py").write_text(text)
        return Step(name, seconds, (f"{name}_program",))

    return step


def test_a_step_out_of_time_is_ended_with_what_it_started(tmp_path, programs):
    holder = "import fcntl, time; file = open('held', 'w'); fcntl.flock(file, fcntl.LOCK_EX); time.sleep(600)"
    text = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {holder!r}])"
    step = programs("slow", text)
    assert run_step(step, tmp_path, {}, time.monotonic() + GRACE_S + 0.5).how == "out of time"
    with (tmp_path / "held").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # at once, because the holder has ended
    assert run_step(step, tmp_path, {}, time.monotonic()).how == "no time left"


def test_a_step_that_fails_stops_no_other_and_all_there_is_comes_back(
    tmp_path, programs, monkeypatch, capsys
):
    chosen = [
        programs("first", "raise SystemExit('broken')"),
        programs("second", "print('went well')"),
    ]
    monkeypatch.setattr(running, "steps_of", lambda *_: chosen)
    assert not run_call("2", tmp_path / "out", Carried(tmp_path / "carried"), TINY)
    assert "| first | failed (1) |" in capsys.readouterr().out
    with tarfile.open(tmp_path / "out/call-2.tar.gz") as file:
        names = file.getnames()
        second = file.extractfile("call-2/second.txt")
        assert second is not None
        assert second.read() == b"went well\n"
    assert names == ["call-2/first.txt", "call-2/second.txt", "call-2/summary.md"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["call-2.md", "call-2.tar.gz"]


def test_a_file_too_large_to_come_back_is_left_out(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "summary.md").write_text("all is well\n")
    with (results / "large").open("wb") as file:
        file.truncate(running.LARGEST + 1)
    pack(results, tmp_path, "call-1")
    with tarfile.open(tmp_path / "call-1.tar.gz") as file:
        assert file.getnames() == ["call-1/summary.md"]


def test_a_summary_has_the_goal_beside_each_figure_measured_or_not(tmp_path):
    text = summary_of("1", tmp_path, [])
    assert "| 512 px, the fastest way | not measured | at most 8 s/kimg |" in text
    assert "| the paper's schedule | not measured | under 6 h |" in text
    speed = {"way": "graph-bf16", "waiting": 0.01, "first_s": 9.0, "peak_gb": 20.0}
    speeds = [speed | {"level": 512, "images_per_s": 200.0}, speed | {"level": 32, "images_per_s": 6000.0}]
    facts = {"speeds": speeds, "hours": {"graph-bf16": 5.5}}
    (tmp_path / "levels-graph.json").write_text(json.dumps(facts))
    (tmp_path / "swd-16384.txt").write_text("| ours, with intervals | 12.5 s | peak 1.00 GB |\n")
    (tmp_path / "tests.xml").write_text(
        '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>'
    )
    text = summary_of("1", tmp_path, [("machine", "ok", 3.2)])
    for row in (
        "| tests | 5 passed, 2 failed, 2 skipped | none failed, none skipped |",
        "| SWD of 16384 images: ours, with intervals | 12.5 s peak 1.00 GB | under 15 s |",
        "| 512 px, the fastest way | 5.00 s/kimg (graph-bf16) | at most 8 s/kimg |",
        "| slowest level up to 32 px | 6000 images/s | over 5,000 images/s |",
        "| waiting for images, at most | 1.0% | under 3 % |",
        "| the paper's schedule | 5.50 h (graph-bf16) | under 6 h |",
        "| machine | ok | 3 |",
    ):
        assert row in text


def test_a_file_that_is_cut_off_is_a_figure_that_is_missing(tmp_path):
    (tmp_path / "levels-graph.json").write_text('{"speeds": [')
    (tmp_path / "tests.xml").write_text("<testsuites><tests")
    assert "| the paper's schedule | not measured | under 6 h |" in summary_of("1", tmp_path, [])
    assert "| training | not measured |" in summary_of("2", tmp_path, [])


def test_what_the_calls_import_before_anything_is_unpacked_is_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import benchmarks.gpu.__main__, benchmarks.gpu.running"],
        cwd=CHECKOUT,
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
