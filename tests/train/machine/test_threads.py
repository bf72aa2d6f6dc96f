"""A run keeps its threads until a look at a checkpoint finds clearly more or fewer cores free."""

import logging

import pytest
import torch

from train.lineage.about import about
from train.machine import threads
from train.machine.threads import LONGEST_S, LOOK_S, Threads
from train.processes.ranks import Ranks
from train.run import Run
from train.saved.checkpoint import newest_state

CPU = torch.device("cpu")
ALONE = Ranks(0, 1, CPU)


class Machine:
    """A processor of some cores, as other programs leave them."""

    cores = 3
    free = 2

    def look(self):
        return self.free


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(threads, "usable_cores", lambda: machine.cores)
    monkeypatch.setattr(threads, "free_cores", machine.look)
    monkeypatch.setattr(threads, "FreeCores", lambda: machine)
    before = torch.get_num_threads()
    yield machine
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("asked", "environment", "before", "expected"),
    [
        (0, {}, {}, 2),
        (0, {}, {"threads": 3}, 3),
        (0, {}, {"threads": 64}, 3),
        (0, {}, {"threads": "many"}, 2),
        (0, {"LOCAL_WORLD_SIZE": "2"}, {}, 1),
        (0, {"LOCAL_WORLD_SIZE": "8"}, {}, 1),
        (4, {"OMP_NUM_THREADS": "1"}, {"threads": 3}, 4),
        (0, {"OMP_NUM_THREADS": "1"}, {"threads": 3}, 1),
    ],
)
def test_threads_are_those_asked_for_or_the_runs_or_the_free_cores(
    params, monkeypatch, asked, environment, before, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    torch.set_num_threads(1)  # what PyTorch makes of OMP_NUM_THREADS
    Threads(with_(params, threads=asked), before, CPU)
    assert torch.get_num_threads() == expected


def test_a_resumed_run_has_the_threads_that_it_had(tmp_path, dataset, params, machine):
    Run(tmp_path / "run", dataset, short(params), ALONE, "commit").go()
    assert torch.get_num_threads() == 2
    machine.free = 1
    torch.set_num_threads(1)
    resumed = Run(tmp_path / "run", dataset, short(params, total_kimg=0.1), ALONE, "commit")
    assert torch.get_num_threads() == 2
    assert resumed.about.history == []


@pytest.mark.parametrize(
    ("held", "free", "then"),
    [(1, 2, 2), (2, 1, 1), (2, 2, 2), (4, 3, 4), (4, 5, 4), (4, 6, 6), (8, 5, 5), (8, 6, 8), (1, 64, 64)],
)
def test_a_look_changes_threads_where_that_gains_much(params, machine, held, free, then):
    machine.cores, machine.free = 64, free
    chosen = due(Threads(params, {"threads": held}, CPU)).chosen_again()
    assert torch.get_num_threads() == then
    assert chosen == (then if then != held else 0)


def test_a_change_is_told_with_what_keeps_a_number(params, machine, caplog):
    machine.free = 3
    with caplog.at_level(logging.INFO):
        due(Threads(params, {"threads": 1}, CPU)).chosen_again()
    (told,) = caplog.messages
    assert told.startswith("other programs left 3 of 3 cores free: computing with 3 instead of 1 threads")
    assert told.endswith("(train.threads keeps a number)")


def test_looks_are_a_minute_apart_and_farther_after_each_change(params, machine):
    run = Threads(params, {"threads": 1}, CPU)
    assert run.chosen_again() == 0
    waits = []
    for free in (3, 1) * 6:
        machine.free = free
        assert due(run).chosen_again() == free
        assert run.chosen_again() == 0
        waits.append(run.wait_s)
    assert waits[:3] == [2 * LOOK_S, 4 * LOOK_S, 8 * LOOK_S]
    assert waits[-1] == LONGEST_S


@pytest.mark.parametrize(
    ("changed", "environment", "device"),
    [
        ({"threads": 1}, {}, "cpu"),
        ({"compile": True}, {}, "cpu"),
        ({}, {"OMP_NUM_THREADS": "1"}, "cpu"),
        ({}, {"LOCAL_WORLD_SIZE": "2"}, "cpu"),
        ({}, {}, "cuda"),
    ],
)
def test_no_look_where_the_number_is_not_the_runs_to_choose(
    params, monkeypatch, machine, changed, environment, device
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    torch.set_num_threads(1)
    machine.free = 3
    run = due(Threads(with_(params, **changed), {"threads": 1}, torch.device(device)))
    assert run.chosen_again() == 0
    assert torch.get_num_threads() == 1


def test_a_run_that_began_busy_takes_the_cores_that_become_free(
    tmp_path, dataset, params, machine, monkeypatch
):
    monkeypatch.setattr(threads, "LOOK_S", 0.0)
    machine.free = 1
    folder = tmp_path / "run"
    run = Run(folder, dataset, short(params, checkpoint_s=0.001), ALONE, "commit")
    machine.free = 3
    run.go()
    assert torch.get_num_threads() == 3
    (change,) = run.about.history
    assert change.changes == {"threads": (1, 3)}
    assert 0 < change.images_shown < run.images_shown
    assert about(folder) == run.about
    state = newest_state(folder, CPU)
    assert state
    assert state["about"] == run.about.model_dump()
    resumed = Run(folder, dataset, short(params, total_kimg=0.1), ALONE, "commit")
    assert resumed.about.history == [change]


def due(run):
    """The same threads, with a look that is due."""
    run.looked -= run.wait_s
    return run


def with_(params, **changed):
    return params.model_copy(update=changed)


def short(params, **changed):
    return with_(params, **({"total_kimg": 0.05} | changed))
