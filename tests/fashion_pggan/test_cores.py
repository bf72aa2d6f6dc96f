import os

import psutil
import pytest

from fashion_pggan import cores


@pytest.fixture(autouse=True)
def groups(tmp_path, monkeypatch):
    """The control groups of a container; `own` is that of this process, without a limit until it is given."""
    own = tmp_path / "groups/pod/own"
    own.mkdir(parents=True)
    (tmp_path / "self").write_text("2:cpuset:/elsewhere\n0::/pod/own\n")
    monkeypatch.setattr(cores, "OWN_GROUP", tmp_path / "self")
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    return tmp_path / "groups"


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
    assert cores.usable_cores() == 3
    assert cores.free_cores() == free


@pytest.mark.parametrize(
    ("limits", "usable"),
    [
        ({}, 3),
        ({"pod/own": "max 100000"}, 3),
        ({"pod/own": "200000 100000"}, 2),
        ({"pod/own": "199999 100000"}, 1),
        ({"pod/own": "50000 100000"}, 1),
        ({"pod/own": "800000 100000"}, 3),
        ({"pod": "100000 50000"}, 2),
        ({"pod": "100000 100000", "pod/own": "max 100000"}, 1),
        ({".": "200000 100000", "pod": "800000 100000"}, 2),
        ({"pod/own": "nonsense"}, 3),
    ],
)
def test_the_quota_of_a_container_limits_the_cores(machine, groups, limits, usable):
    machine()
    for group, limit in limits.items():
        (groups / group / "cpu.max").write_text(limit + "\n")
    assert cores.usable_cores() == usable


@pytest.mark.parametrize("group", ["", "0::/\n", "0::/gone\n", "0::/../gone\n", "3:cpu:/pod/own\n"])
def test_a_group_without_a_limit_to_read_limits_nothing(machine, groups, group):
    machine()
    (groups / "pod/own/cpu.max").write_text("100000 100000\n")
    cores.OWN_GROUP.write_text(group)
    assert cores.usable_cores() == 3
    cores.OWN_GROUP.unlink()
    assert cores.usable_cores() == 3


@pytest.mark.parametrize(("busy", "free"), [((0.0, 0.0, 0.0, 50.0), 2), ((100.0, 0.0, 100.0, 50.0), 1)])
def test_cores_beyond_the_quota_are_not_free_for_us(machine, groups, busy, free):
    (groups / "pod/own/cpu.max").write_text("200000 100000\n")
    machine(*busy)
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
    assert 1 <= cores.FreeCores().look() <= cores.usable_cores()


def test_without_affinity_all_cores_may_be_used(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores.usable_cores() == os.cpu_count()


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
