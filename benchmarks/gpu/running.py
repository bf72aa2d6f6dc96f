"""Runs a call's steps; what there is of results lies in one tarball after each of them."""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gpu.places import CHECKOUT, Carried
from benchmarks.gpu.steps import LIMITS, Sizes, Step, steps_of
from benchmarks.gpu.summary import summary_of

PACKING_S = 5  # seconds at a call's end, for the tarball
GRACE_S = 3  # seconds between the request to end and the end
LARGEST = 4 << 20  # bytes, of a file that comes back


@dataclass(frozen=True)
class Ended:
    """A step that was run, or was not."""

    name: str
    how: str  # ok, failed (STATUS), out of time, no time left
    seconds: float


def run_call(call: str, out: Path, carried: Carried, sizes: Sizes) -> bool:
    """Run all steps of a call, and print the summary.

    Args:
        call: 1 or 2.
        out: the folder for the tarball and the summary.
        carried: what travelled with the checkout.
        sizes: how much is measured.

    Returns:
        Whether every step went well.
    """
    began = time.monotonic()
    limit = LIMITS[call] * sizes.patience
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="gpu-") as folder:
        work = Path(folder)
        results = work / "results"
        results.mkdir()
        environment = environment_for(work, carried, sizes)
        ended: list[Ended] = []
        until = began
        for step in steps_of(call, results, work, carried, sizes):
            until += step.seconds * sizes.patience
            try:
                ended.append(run_step(step, results, environment, min(until, began + limit - PACKING_S)))
            except SystemExit:
                ended.append(Ended(step.name, "the call was ended", 0.0))
                raise
            finally:
                _keep_grids(work, results)
                text = summary_of(call, results, [(one.name, one.how, one.seconds) for one in ended])
                (results / "summary.md").write_text(text)
                pack(results, out, f"call-{call}")
    print((out / f"call-{call}.md").read_text(), flush=True)
    return all(one.how == "ok" for one in ended)


def environment_for(work: Path, carried: Carried, sizes: Sizes) -> dict[str, str]:
    """What the steps' programs see: the checkout, the unpacked wheels, the reference values."""
    site = work / "site"
    site.mkdir()
    for wheel in sorted(carried.wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as file:
            file.extractall(site)  # noqa: S202  # of packages that are imported right after
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(site)]),
        "PYTHONUNBUFFERED": "1",
        "TORCHINDUCTOR_CACHE_DIR": str(work / "inductor"),
        "REFERENCE_DATA": str(carried.shared),
        "GPU_TESTS_ON": sizes.device,
        "CARRIED_COMMIT": carried.commit.read_text().strip() if carried.commit.is_file() else "unknown",
    }


def run_step(step: Step, results: Path, environment: dict[str, str], until: float) -> Ended:
    """Run a step until `until` of the monotonic clock; its output goes to a file of its name."""
    began = time.monotonic()
    left = until - began - GRACE_S
    if left <= 0:
        return Ended(step.name, "no time left", 0.0)
    print(f"{step.name}: at most {left:.0f} s", flush=True)
    with (results / f"{step.name}.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *step.command],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(left)
            how = f"failed ({status})" if status else "ok"
        except subprocess.TimeoutExpired:
            how = "out of time"
        finally:
            _end(process)
    return Ended(step.name, how, time.monotonic() - began)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a step and whatever it started."""
    for number, patience in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _keep_grids(work: Path, results: Path) -> None:
    """The last images of a training, ended or not."""
    grids = sorted([*work.glob("models/grids/*.png"), *work.glob("runs/*/latest.png")])
    if grids:
        shutil.copyfile(grids[-1], results / "grid.png")


def pack(results: Path, out: Path, name: str) -> None:
    """Put all results into one tarball, in place of the one before, but for files too large to come back."""
    part = out / f"{name}.part"
    with tarfile.open(part, "w:gz") as file:
        for path in sorted(results.rglob("*")):
            if path.is_file() and path.stat().st_size <= LARGEST:
                file.add(path, f"{name}/{path.relative_to(results)}")
    part.replace(out / f"{name}.tar.gz")
    shutil.copyfile(results / "summary.md", out / f"{name}.md")
