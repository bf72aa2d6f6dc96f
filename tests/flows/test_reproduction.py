"""A stage through DVC, in a toy repository."""

import os
import signal
import time
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from flows.reproduction import (
    CLONE,
    WORKER,
    Outcome,
    StageError,
    check_workspace,
    failure_of,
    outcome_of,
    plan,
    reproduce,
)
from tests.flows.toy import REPOSITORY, Toy


@pytest.fixture
def inside(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Toy:
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return toy


def test_it_ran_then_it_is_unchanged_and_an_earlier_result_is_restored(inside: Toy) -> None:
    lines: list[str] = []
    assert reproduce("crawl", lines.append) is Outcome.RAN
    assert "crawl: step 1 of 1" in lines
    assert reproduce("crawl", lines.append) is Outcome.UNCHANGED
    assert reproduce("crawl", lines.append, again=True) is Outcome.RAN
    inside.set("crawl", steps=2)
    assert reproduce("crawl", lines.append) is Outcome.RAN
    inside.set("crawl", steps=1)
    assert reproduce("crawl", lines.append) is Outcome.RESTORED
    assert inside.ran() == ["crawl", "crawl", "crawl"]


def test_a_plan_is_made_before_anything_is_there_and_runs_nothing(inside: Toy) -> None:
    lines: list[str] = []
    plan(lines.append)
    assert "Running stage 'crawl':" in lines
    made = inside.folder / "reports/crawl.json"
    assert lines[-1] == f"stage 'curate' and those after it would run: {made} is yet to be made"
    assert inside.ran() == []


def test_a_plan_that_dvc_cannot_make_is_an_error(inside: Toy) -> None:
    (inside.folder / "toy_stage.py").unlink()
    with pytest.raises(StageError, match=r"^stage repro cannot run: .*toy_stage\.py"):
        plan(lambda line: None)


def test_lines_come_while_the_stage_is_at_work(inside: Toy) -> None:
    inside.set("crawl", steps=5)
    seen: dict[str, float] = {}
    reproduce("crawl", lambda line: seen.setdefault(line, time.monotonic()) and None)
    assert seen["crawl: step 5 of 5"] - seen["crawl: step 1 of 5"] > 0.2


def test_a_failure_is_one_line_with_the_stages_own_error(inside: Toy) -> None:
    inside.set("crawl", mode="person")
    with pytest.raises(StageError) as caught:
        reproduce("crawl", lambda line: None)
    assert str(caught.value) == "stage crawl failed: no images in data/raw: run the crawl stage first"
    assert not caught.value.may_pass


def test_a_fault_of_the_program_is_named_by_its_last_line(inside: Toy) -> None:
    inside.set("crawl", mode="fault")
    with pytest.raises(StageError, match=r"^stage crawl failed: KeyError: 'levels'$"):
        reproduce("crawl", lambda line: None)


def test_a_trouble_that_may_pass_is_told_from_one_that_stays(inside: Toy) -> None:
    inside.set("crawl", mode="passing")
    with pytest.raises(StageError, match="the search API fails: run again later") as caught:
        reproduce("crawl", lambda line: None)
    assert caught.value.may_pass


def test_a_stage_that_dvc_does_not_know_is_named(inside: Toy) -> None:
    with pytest.raises(StageError, match=r"stage press cannot run: .*press"):
        reproduce("press", lambda line: None)


def test_a_second_dvc_on_the_same_files_says_who_is_at_work(inside: Toy) -> None:
    inside.set("crawl", steps=600)
    with inside.start("dvc", "repro", "--single-item", "crawl") as first:
        inside.wait_until_at_work("crawl")
        with pytest.raises(StageError, match=rf"cannot start while another DVC runs \(PID {first.pid}\)"):
            reproduce("crawl", lambda line: None)
        os.killpg(first.pid, signal.SIGKILL)


def test_nothing_goes_on_when_the_flow_stops_listening(inside: Toy) -> None:
    inside.set("crawl", steps=600)

    def stop(line: str) -> None:
        if "step 2" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproduce("crawl", stop)
    inside.wait_until_gone()


def test_nothing_goes_on_when_the_flows_process_is_killed(inside: Toy) -> None:
    inside.set("crawl", steps=600)
    script = inside.folder / "flow_process.py"
    script.write_text("from flows.reproduction import reproduce; reproduce('crawl', print)")
    with inside.start("flow_process") as process:
        inside.wait_until_at_work("crawl")
        process.kill()
    inside.wait_until_gone()


def test_a_killed_stage_is_run_again(inside: Toy) -> None:
    inside.set("crawl", steps=600)
    with inside.start("dvc", "repro", "--single-item", "crawl") as first:
        inside.wait_until_at_work("crawl")
        first.kill()  # DVC alone
    inside.wait_until_gone()
    inside.set("crawl", steps=1)
    assert reproduce("crawl", lambda line: None) is Outcome.RAN


def test_a_folder_without_a_pipeline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no dvc\.yaml in .*: run from the repository root"):
        check_workspace(tmp_path)


def test_a_worker_in_such_a_folder_is_told_what_names_its_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKER, "a run")
    monkeypatch.setenv(CLONE, "/srv/gone")
    with pytest.raises(UserError, match=r"no dvc\.yaml in .* \(FASHION_PGGAN_CLONE is /srv/gone\): run from"):
        check_workspace(tmp_path)


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").touch()
    with pytest.raises(UserError, match="is in no git repository, which DVC needs: get it with git clone"):
        check_workspace(tmp_path)


def test_a_folder_without_dvcs_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / ".git").mkdir()
    with pytest.raises(UserError, match=r"no \.dvc in .*: restore it"):
        check_workspace(tmp_path)


def test_another_stages_line_says_nothing_of_this_one() -> None:
    lines = ["Stage 'crawl' didn't change, skipping", "Running stage 'curate':"]
    assert outcome_of("curate", lines) is Outcome.RAN
    assert outcome_of("crawl", lines) is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("said", "status", "text"),
    [
        (["12 of 30 kimg"], -9, "stage train failed: killed by signal 9, after: 12 of 30 kimg"),
        ([], -15, "stage train failed: killed by signal 15"),
        ([], 2, "stage train failed: it said nothing and ended with status 2"),
        (["error: a", "at the end"], 1, "stage train failed: a"),
    ],
)
def test_what_a_failed_stage_said_last_is_told(said: list[str], status: int, text: str) -> None:
    end = f"ERROR: failed to reproduce 'train': failed to run: python -m train, exited with {status}"
    error = failure_of("train", ["Running stage 'train':", "> python -m train", *said, end])
    assert (str(error), error.status) == (text, status)


def test_dvc_without_a_word_is_still_a_line() -> None:
    assert str(failure_of("train", [])) == "stage train cannot run: DVC said nothing"
