"""Whatever a command started ends with it: one is killed as soon as another appears; survivors are listed.

Every process of a drill has a mark of its own in its environment, so that none escapes the list.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

REPOSITORY = Path(__file__).parents[1]
MARK = "FASHION_PGGAN_DRILL"
APPEARS_S = 300.0  # seconds until a process must have appeared, on a busy machine
LOOK_S = 0.02  # seconds between two looks, which would take a core otherwise
KILLED_S = 3.0  # seconds that survivors of a kill have: one is promised, and this machine may be busy
ASKED_S = 10.0  # seconds after another signal: a command finishes what it writes before it ends
DVC = ("dvc", "repro", "--single-item")
TRAIN = ("train", "run", "data/curated", "models", "--report", "reports/train.json")
TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", *TRAIN)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with a small job, whose stages before training have run."""
    folder = tmp_path_factory.mktemp("drill") / "project"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder], check=True)
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    params["crawl"] |= {"max_products": 60, "shop_products": 60}
    params["train"] |= {"total_kimg": 1000.0}
    (folder / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True))
    for stage in ("crawl", "curate"):
        command = [sys.executable, "-m", *DVC, stage]
        subprocess.run(command, cwd=folder, env=environment(folder), check=True, capture_output=True)
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "PREFECT_HOME": str(folder.parent / "prefect"),
    }


class Drill:
    """A command and everything that it starts."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.mark = uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**environment(folder), MARK: self.mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def alive(self) -> Iterator[tuple[psutil.Process, str]]:
        """Its processes, and their command lines."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    yield process, " ".join(process.cmdline())

    def wait_for(self, word: str) -> psutil.Process:
        """The first process with a word in its command line, as soon as it is there."""
        until = time.monotonic() + APPEARS_S
        while time.monotonic() < until:
            for process, line in self.alive():
                if word in line and not line.startswith(("/bin/", "sh ")):
                    return process
            assert self.process.poll() is None, f"it ended before {word} appeared"
            time.sleep(LOOK_S)
        raise AssertionError(f"{word} does not appear")

    def listening(self) -> set[str]:
        """The addresses that its processes listen at, as soon as there is one."""
        until = time.monotonic() + APPEARS_S
        places: set[str] = set()
        while not places and time.monotonic() < until:
            for process, _ in self.alive():
                with suppress(psutil.Error):
                    listens = (one for one in process.net_connections() if one.status == psutil.CONN_LISTEN)
                    places.update(one.laddr.ip for one in listens)
            time.sleep(LOOK_S)
        return places

    def survivors(self, ending: signal.Signals = signal.SIGKILL) -> list[str]:
        """What is alive when time is over."""
        until = time.monotonic() + (KILLED_S if ending is signal.SIGKILL else ASKED_S)
        while (left := [line for _, line in self.alive()]) and time.monotonic() < until:
            self.process.poll()
            time.sleep(LOOK_S)
        for process, _ in self.alive():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        return left


CRAWL = (*DVC, "--force", "crawl")
CURATE = (*DVC, "--force", "curate")
TRAINING = (*DVC, "--force", "train")
FLOW = ("flows", "run", "train")
# command; the process that is waited for; the one that is ended
DRILLS = [
    (CRAWL, "-m crawler", "dvc"),
    (CRAWL, "-m demo_shop", "dvc"),
    (CRAWL, "-m demo_shop", "-m crawler"),
    (CURATE, "-m curate", "dvc"),
    (CURATE, "multiprocessing.forkserver", "dvc"),
    (TRAINING, "-m train", "dvc"),
    (FLOW, "leash uvicorn", "-m flows run"),
    (FLOW, "leash --grace-s", "-m flows run"),
    (FLOW, "-m train run", "leash --grace-s"),
]
ALL_WAYS = [
    (("crawler", "{tmp}/raw"), "-m demo_shop", "-m crawler"),
    (("curate", "data/raw", "{tmp}/curated"), "multiprocessing.forkserver", "-m curate"),
    (TORCHRUN, "-u -m train run", "torch.distributed.run"),  # -u: a rank, not torchrun itself
    (FLOW, "-m train", "-m flows run"),
]
WAYS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def ready(project: Path) -> Path:
    """The project as it was before the last drill; images are to be looked at again."""
    command = [sys.executable, "-m", "dvc", "checkout", "--force", "crawl", "curate"]
    subprocess.run(command, cwd=project, env=environment(project), check=True, capture_output=True)
    shutil.rmtree(project / "runs/curate", ignore_errors=True)
    return project


@pytest.mark.parametrize(
    ("command", "awaited", "victim", "ending"),
    [
        *((*drill, signal.SIGKILL) for drill in DRILLS),
        *((*drill, ending) for drill in ALL_WAYS for ending in WAYS),
    ],
)
def test_nothing_outlives_the_end_of_what_started_it(
    ready: Path, tmp_path: Path, command: tuple[str, ...], awaited: str, victim: str, ending: signal.Signals
) -> None:
    drill = Drill(ready, *(word.format(tmp=tmp_path) for word in command))
    try:
        drill.wait_for(awaited)
        drill.wait_for(victim).send_signal(ending)
    finally:
        left = drill.survivors(ending)
    assert left == []


@pytest.mark.parametrize(("command", "awaited"), [(CRAWL, "-m demo_shop"), (FLOW, "-m train run")])
def test_everything_that_listens_does_so_on_this_machine_alone(
    ready: Path, command: tuple[str, ...], awaited: str
) -> None:
    drill = Drill(ready, *command)
    try:
        drill.wait_for(awaited)
        places = drill.listening()
    finally:
        drill.process.kill()
        left = drill.survivors()
    assert places
    assert all(ip_address(place).is_loopback for place in places), places
    assert left == []
