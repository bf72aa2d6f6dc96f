"""`train.processes` starts what torchrun would."""

import sys

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from fashion_pggan.errors import ArgumentError, PassingError, UserError
from train.processes import launching
from train.processes.launching import check_devices, launch, to_launch
from train.processes.ranks import LOST


@pytest.fixture
def two(params):
    return params.model_copy(update={"processes": 2})


@pytest.fixture
def started(monkeypatch):
    """What is started instead, and how each process ends: put (rank, status, second) in `ends`."""
    commands, ends = [], []

    def failed(rank, status, second):
        failure = ProcessFailure(local_rank=rank, pid=1, exitcode=status, error_file="<none>")
        failure.timestamp = second
        return failure

    def starting(config, program):
        assert (config.nproc_per_node, program) == (2, sys.executable)

        def call(*command):
            commands.append(command)
            if ends:
                raise ChildFailedError("train", {rank: failed(rank, *end) for rank, *end in ends})

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
    started[1].append((1, 75, 0))
    with pytest.raises(SystemExit) as ended:
        launch("train", ["run"], {}, two)
    assert ended.value.code == 75


@pytest.mark.parametrize(
    "ends",
    [
        [(1, -9, 0)],
        [(0, LOST, 5), (1, -9, 5)],
        [(1, -9, 5), (0, LOST, 6)],
        [(1, -9, 5), (0, -15, 6)],
    ],
    ids=["alone", "the other lost it", "the other lost it later", "the other was ended after it"],
)
def test_a_process_that_was_killed_is_one_error(two, started, ends):
    started[1].extend(ends)
    with pytest.raises(
        PassingError, match=r"process 1 of 2 was killed \(SIGKILL\).*then run again to resume"
    ):
        launch("train", ["run"], {}, two)


def test_a_process_that_hung_and_was_killed_for_it_is_not_named_as_the_cause(two, started):
    """The other one has said that it does not answer."""
    started[1].extend([(0, 75, 5), (1, -9, 35)])
    with pytest.raises(SystemExit) as ended:
        launch("train", ["run"], {}, two)
    assert ended.value.code == 75


def test_processes_that_lost_each_other_for_no_known_reason_are_one_error(two, started):
    started[1].extend([(0, LOST, 5), (1, LOST, 5)])
    with pytest.raises(PassingError, match="process 0 of 2 lost the others, and none says why: run again"):
        launch("train", ["run"], {}, two)


def test_processes_without_a_cuda_device_each_are_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    for device in ("auto", "cuda", "cpu"):
        check_devices(device, 2)
    check_devices("cpu", 4)
    with pytest.raises(UserError, match=r"train\.processes is 4, and this machine has 2 CUDA devices: set"):
        check_devices("auto", 4)
    with pytest.raises(ArgumentError, match=r"--device cuda:1 names one device.*give --device cuda"):
        check_devices("cuda:1", 2)


def test_processes_share_the_cpu_where_there_is_no_cuda_device(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    check_devices("auto", 4)
