"""`train.processes` starts what torchrun would."""

import sys

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from fashion_pggan.errors import PassingError
from train.processes import launching
from train.processes.launching import launch, to_launch


@pytest.fixture
def two(params):
    return params.model_copy(update={"processes": 2})


@pytest.fixture
def started(monkeypatch):
    """What is started instead, and how it ends: put a status in `ends`."""
    commands, ends = [], []

    def starting(config, program):
        assert (config.nproc_per_node, program) == (2, sys.executable)

        def call(*command):
            commands.append(command)
            if ends:
                failure = ProcessFailure(local_rank=1, pid=1, exitcode=ends[0], error_file="<none>")
                raise ChildFailedError("train", {1: failure})

        return call

    monkeypatch.setattr(launching, "elastic_launch", starting)
    return commands, ends


def test_processes_are_started_where_torchrun_has_not(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert to_launch(2)
    assert not to_launch(1)
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert not to_launch(2)


def test_each_process_gets_the_options_that_were_given(two, started):
    commands, _ = started
    launch("train", ["run", "data", "models"], {"report": None, "resume": "", "device": "cpu"}, two)
    assert commands == [("-u", "-m", "train", "run", "data", "models", "--device=cpu")]


def test_a_process_that_failed_has_said_why(two, started):
    started[1].append(75)
    with pytest.raises(SystemExit) as ended:
        launch("train", ["run"], {}, two)
    assert ended.value.code == 75


def test_a_process_that_was_killed_is_one_error(two, started):
    started[1].append(-9)
    with pytest.raises(
        PassingError, match=r"process 1 of 2 was killed \(SIGKILL\).*then run again to resume"
    ):
        launch("train", ["run"], {}, two)
