"""A fleet on one machine: three workers crawl the demo shop in parts, and one of them is killed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from fashion_pggan.loopback import free_port
from flows.server.server import answers
from tests.crawler.kept import raw
from tests.flows.toy import REPOSITORY, Toy, wait_for
from tests.running import ended

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

SLOW = {"max_products": 120, "shop_products": 90, "delay_s": 0.4, "concurrent_per_host": 1}
FLOW = "fashion-pggan-crawl-parts/fleet"
STAGE = {
    "cmd": "exec python -m crawler data/raw --report reports/crawl.json",
    "params": ["crawl"],
    "outs": ["data/raw"],
}


class Fleet:
    """A repository with a crawl stage, Prefect's server, and workers that poll it."""

    def __init__(self, project: Toy) -> None:
        self.project = project
        self.url = f"http://127.0.0.1:{free_port()}/api"
        self.settings = {
            "PREFECT_API_URL": self.url,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        }
        self.started = [project.start("flows", **self.settings)]

    def prefect(self, *arguments: str) -> tuple[int, str]:
        return self.project.run("prefect", *arguments, **self.settings)

    def prepare(self) -> None:
        wait_for(lambda: answers(self.url))
        wait_for(lambda: self.prefect("deployment", "inspect", FLOW)[0] == 0)
        for command in (
            ("work-pool", "create", "fashion-pggan-parts", "--type", "process"),
            ("--no-prompt", "deploy", "--name", "part"),
        ):
            status, output = self.prefect(*command)
            assert status == 0, output

    def worker(self) -> "subprocess.Popen[str]":
        command = ("prefect", "worker", "start", "--pool", "fashion-pggan-parts", "--limit", "1")
        self.started.append(self.project.start(*command, **self.settings))
        return self.started[-1]

    def end(self) -> None:
        for process in self.project.processes():
            process.kill()
        for started in self.started:
            started.communicate()

    def crawl_of(self, part: str) -> psutil.Process | None:
        """The process that crawls a part."""
        for process in self.project.processes():
            with process.oneshot():
                try:
                    words = process.cmdline()
                except psutil.Error:
                    continue
                if "crawler" in words and any(f"{part}/raw" in word for word in words):
                    return process
        return None


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    folder = tmp_path / "project"
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".dvc/config", folder / ".dvc/config")
    shutil.copy(REPOSITORY / "prefect.yaml", folder)
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    params["crawl"].update(SLOW)
    (folder / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True))
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"crawl": STAGE}}))
    (folder / ".gitignore").write_text("/data\n/reports\n/runs\n/prefect.toml\n")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    project = Toy(folder.resolve(), tmp_path / "prefect")
    fleet = Fleet(project)
    try:
        fleet.prepare()
        yield fleet
    finally:
        fleet.end()
        project.wait_until_gone()


def test_a_fleet_that_loses_a_worker_crawls_what_one_machine_crawls(fleet: Fleet, tmp_path: Path) -> None:
    project = fleet.project
    workers = {worker.pid: worker for worker in (fleet.worker() for _ in range(3))}
    command = ("prefect", "deployment", "run", FLOW, "--param", "parts=3")
    with project.start(*command, "--watch", **fleet.settings) as run:
        store = project.folder / "runs/parts/2-of-3/store"
        wait_for(lambda: len(list(store.rglob("*.jpg"))) >= 5)
        crawl = fleet.crawl_of("2-of-3")
        assert crawl is not None
        killed = next(parent.pid for parent in crawl.parents() if parent.pid in workers)
        os.kill(killed, signal.SIGKILL)
        assert ended(crawl)
        output, _ = run.communicate(timeout=900)
    assert run.returncode == 0, output
    figures = yaml.safe_load((project.folder / "runs/parts/2-of-3/crawl.json").read_text())
    assert figures["reused"] >= 5  # another worker resumed from the store
    assert not (project.folder / "runs/parts/order.json").exists()

    single = ("crawler", str(tmp_path / "single/raw"), "--store", str(tmp_path / "single/store"))
    status, output = project.run(*single)
    assert status == 0, output
    found = [
        [(record.url, record.sha256, record.query, record.rank) for record in raw(folder)]
        for folder in (project.folder / "data", tmp_path / "single")
    ]
    assert len(found[0]) > 60
    assert found[0] == found[1]
