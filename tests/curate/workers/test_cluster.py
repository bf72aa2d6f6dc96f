"""Curation on the machines of a Dask cluster, on loopback."""

import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from curate import stage
from curate.workers import task
from curate.workers.cluster import in_cluster
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.loopback import free_port

REPOSITORY = Path(__file__).parents[3]
HERE = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")  # as docs/how-to/dask-cluster.md


def started(*command, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def ended(*processes):
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def processes():
    """A scheduler and two machines; Dask's guard of workers has a test of its own."""
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = started("distributed.cli.dask_scheduler", *HERE, "--port", address.rpartition(":")[2])
    machine = ("distributed.cli.dask_worker", address, *HERE, "--nthreads", "1", "--no-nanny")
    machines = [started(*machine) for _ in range(2)]
    yield address, [scheduler, *machines]
    ended(*machines, scheduler)


@pytest.fixture
def cluster(processes):
    """The address of the scheduler."""
    return processes[0]


@pytest.fixture
def folder(tmp_path, make_image, encode):
    raw = tmp_path / "raw"
    (raw / "more").mkdir(parents=True)
    for seed in range(20):
        (raw / f"{seed}.png").write_bytes(encode(make_image(seed=seed), "PNG"))
    (raw / "more/again.jpg").write_bytes(encode(make_image(seed=3), "JPEG", quality=95))
    (raw / "page.jpg").write_bytes(b"<html>")
    return raw


def run_there(source, target, params, address):
    """The stage on a cluster."""
    there = params.model_copy(update={"cluster": address})
    return stage.run(source, target, there, knowledge=target.with_suffix(".known"))


def length_or_death(path):
    if path.name == "deadly":
        os._exit(9)
    return len(path.read_bytes())


def test_a_cluster_makes_the_same_dataset_as_this_machine(cluster, folder, tmp_path, params, run, tree):
    outcomes = run(folder, tmp_path / "here", params)
    assert outcomes == {"kept": 20, "DUPLICATE": 1, "NOT_IMAGE": 1}
    assert run_there(folder, tmp_path / "there", params, cluster) == outcomes
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_a_cluster_as_the_docs_start_it_listens_at_its_host_alone(processes):
    address, started = processes
    list(in_cluster(len, ["wait until all listen"], address=address))
    listening = [
        [each.laddr.ip for each in psutil.Process(one.pid).net_connections() if each.status == "LISTEN"]
        for one in started
    ]
    assert all(listening)
    assert {place for places in listening for place in places} == {"127.0.0.1"}


def test_results_come_in_order_and_a_deadly_item_is_lost_alone(cluster, folder):
    paths = sorted(path for path in folder.glob("*.png")) * 10
    paths.insert(77, folder / "deadly")
    lengths = list(in_cluster(length_or_death, paths, address=cluster))
    assert lengths == [None if path.name == "deadly" else path.stat().st_size for path in paths]


def test_another_version_on_a_worker_is_refused_whenever_it_joins(cluster, monkeypatch):
    monkeypatch.setattr(task, "environment", lambda: {"numpy": "1.0", "new": "1"})
    with pytest.raises(UserError, match=r"worker on .* has numpy 2.*, not 1\.0; new None, not 1: "):
        list(in_cluster(len, ["a"], address=cluster))


def test_a_worker_without_the_program_says_so_and_goes_on(cluster, monkeypatch):
    """A module that is here alone stands for the program."""
    here = types.ModuleType("only_here")
    exec("def work(item):\n    return item", here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", here)
    with pytest.raises(UserError, match=r"cannot load this program \(No module named 'only_here'\): install"):
        list(in_cluster(here.work, ["a"], address=cluster))
    assert list(in_cluster(len, ["a"], address=cluster)) == [1]


def test_workers_run_in_folders_of_their_own(cluster, folder, tmp_path, params, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_there(Path("raw"), tmp_path / "there", params, cluster)["kept"] == 20
    with pytest.raises(UserError, match=r"cannot read a file .*'/nowhere/a'.*same path, or an address"):
        list(in_cluster(Path.read_bytes, [Path("/nowhere/a")], address=cluster))


def test_a_worker_that_is_killed_loses_nothing_and_the_last_one_is_missed(monkeypatch):
    """Under Dask's own guard, which starts a killed worker again."""
    monkeypatch.setattr("curate.workers.cluster.WORKER_S", 1)
    monkeypatch.setattr("curate.workers.cluster.LOOK_S", 1)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))  # Dask's guard sets them here, and leaves them so
    items = [0.05] * 60
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as local:
        results = in_cluster(time.sleep, items, address=local.scheduler_address)
        next(results)
        os.kill(local.workers[0].pid, signal.SIGKILL)
        assert len(list(results)) == 59
        results = in_cluster(time.sleep, items, address=local.scheduler_address)
        next(results)
        local.scale(0)
        with pytest.raises(
            PassingError, match=r"at tcp://.* has no workers: start some \(dask worker tcp://"
        ):
            list(results)


def test_a_cluster_that_does_not_answer_is_one_line(folder, tmp_path, params, monkeypatch):
    monkeypatch.setattr("curate.workers.cluster.CONNECT_S", 1)
    with pytest.raises(PassingError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        run_there(folder, tmp_path / "out", params, "tcp://127.0.0.1:9")
    with pytest.raises(UserError, match=r"curate\.cluster nonsense://x: .*give tcp://HOST:PORT"):
        run_there(folder, tmp_path / "out", params, "nonsense://x")
