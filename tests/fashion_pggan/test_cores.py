import os

import psutil
import pytest

from fashion_pggan import cores


@pytest.fixture
def machine(monkeypatch):
    """A processor of four cores, of which this process may use three, and how busy each is."""

    def with_load(*busy):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 3}, raising=False)
        monkeypatch.setattr(psutil, "cpu_percent", lambda **asked: list(busy))

    return with_load


@pytest.mark.parametrize(
    ("busy", "free"),
    [
        ((0.0, 100.0, 0.0, 0.0), 3),
        ((10.0, 100.0, 5.0, 12.0), 3),
        ((100.0, 0.0, 0.0, 0.0), 2),
        ((50.0, 0.0, 50.0, 50.0), 2),
        ((100.0, 0.0, 100.0, 90.0), 1),
        ((100.0, 100.0, 100.0, 100.0), 1),
    ],
)
def test_others_leave_some_cores_free(machine, busy, free):
    machine(*busy)
    assert cores.usable_cores() == [0, 2, 3]
    assert cores.free_cores() == free


@pytest.mark.parametrize(
    ("busy", "own", "free"),
    [
        ((100.0, 0.0, 0.0, 0.0), 100.0, 3),
        ((100.0, 0.0, 100.0, 100.0), 100.0, 1),
        ((100.0, 0.0, 100.0, 100.0), 290.0, 3),
        ((100.0, 0.0, 100.0, 100.0), 150.0, 2),
        ((0.0, 0.0, 1.0, 0.0), 5.0, 3),
    ],
)
def test_a_look_back_does_not_count_this_process(machine, monkeypatch, busy, own, free):
    machine(*busy)
    monkeypatch.setattr(psutil.Process, "cpu_percent", lambda self: own)
    assert cores.FreeCores().look() == free


def test_a_look_back_takes_no_time_and_finds_a_core_at_least():
    assert 1 <= cores.FreeCores().look() <= len(cores.usable_cores())


def test_without_affinity_all_cores_may_be_used(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores.usable_cores() == list(range(os.cpu_count() or 1))


@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, cores.SPINS), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_threads_sleep_soon_unless_the_user_says_otherwise(monkeypatch, given, spins):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    cores.let_threads_sleep()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
