"""Curation on the machines of a Dask cluster, and of images on shared storage; both on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.request
from pathlib import Path

import pytest
from distributed import LocalCluster

from curate import stage
from curate.source.locations import location
from curate.workers import task
from curate.workers.cluster import in_cluster
from fashion_pggan.errors import PassingError, UserError

REPOSITORY = Path(__file__).parents[3]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def started(*command, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def ended(*processes):
    for process in processes:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster():
    """The address of a scheduler with two machines, as docs/cluster.md starts them."""
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = started("distributed.cli.dask_scheduler", "--host", address, "--no-dashboard")
    machine = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard")
    machines = [started(*machine) for _ in range(2)]
    yield address
    ended(*machines, scheduler)


@pytest.fixture
def folder(tmp_path, make_image, encode):
    raw = tmp_path / "raw"
    (raw / "more").mkdir(parents=True)
    for seed in range(20):
        (raw / f"{seed}.png").write_bytes(encode(make_image(seed=seed), "PNG"))
    (raw / "more/again.jpg").write_bytes(encode(make_image(seed=3), "JPEG", quality=95))
    (raw / "page.jpg").write_bytes(b"<html>")
    return raw


def tree(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def run(source, target, params, **changes):
    changed = params.model_copy(update=changes)
    return stage.run(source, target, changed, knowledge=target.with_suffix(".known"), workers=2)


def length_or_death(path):
    if path.name == "deadly":
        os._exit(9)
    return len(path.read_bytes())


def test_a_cluster_makes_the_same_dataset_as_this_machine(cluster, folder, tmp_path, params):
    outcomes = run(folder, tmp_path / "here", params)
    assert outcomes == {"kept": 20, "DUPLICATE": 1, "NOT_IMAGE": 1}
    assert run(folder, tmp_path / "there", params, cluster=cluster) == outcomes
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


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
    assert run(Path("raw"), tmp_path / "there", params, cluster=cluster)["kept"] == 20
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
        run(folder, tmp_path / "out", params, cluster="tcp://127.0.0.1:9")
    with pytest.raises(UserError, match=r"curate\.cluster nonsense://x: .*give tcp://HOST:PORT"):
        run(folder, tmp_path / "out", params, cluster="nonsense://x")


@pytest.fixture(scope="module")
def storage():
    """An S3-compatible server; the variables that point to it."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    server = started("moto.server", "-H", "127.0.0.1", "-p", str(port))
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield {
        "FSSPEC_S3_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    ended(server)


def curate(source, target, storage, tmp_path, *more):
    """The command, for the environment is read when Python starts."""
    command = [sys.executable, "-m", "curate", source, str(target), "--params", "presets/photos.yaml"]
    return subprocess.run(
        [*command, "--knowledge", str(target.with_suffix(".known")), "--workers", "2", *more],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **storage},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_images_on_s3_give_the_dataset_that_the_folder_gives(storage, tmp_path, make_image, encode):
    import boto3

    folder = tmp_path / "raw"
    client = boto3.client(
        "s3",
        endpoint_url=storage["FSSPEC_S3_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket="images")
    for seed in range(6):
        data = encode(make_image(width=400, height=420, seed=seed), "PNG")
        path = folder / f"part{seed % 2}/{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        client.put_object(Bucket="images", Key=f"tops/part{seed % 2}/{seed}.png", Body=data)
    here = curate(str(folder), tmp_path / "here", storage, tmp_path)
    there = curate("s3://images/tops", tmp_path / "there", storage, tmp_path)
    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    assert "kept 6" in there.stderr
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_storage_that_is_not_there_is_one_line(storage, tmp_path):
    wrong = curate("s3://no-such-bucket/tops", tmp_path / "out", storage, tmp_path)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: ")
    assert "s3://no-such-bucket/tops" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1
    with pytest.raises(UserError, match="nothing://x cannot be read"):
        location("nothing://x")
