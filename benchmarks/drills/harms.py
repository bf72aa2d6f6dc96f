"""What is done to a run: kills, power cuts, full disks, two at once, a clock that jumps, a shop that dies."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.drills.pipeline import End, Stage, command_of, ended, environment_of, start

MACHINE = Path(__file__).parent / "machine"
SETTLE_S = 2.0  # in which everything that a killed stage started must have ended
POLL_S = 0.02
PAGE = 4096  # bytes; a file takes whole pages
MOUNTED = """
options=$1 folder=$2 source=$3 result=$4 remount=$5; shift 5
mount -t tmpfs -o "$options" drill "$folder" && cp -a "$source/." "$folder" && cd "$folder" || exit 99
[ -z "$remount" ] || mount -o "remount,$remount" "$folder" || exit 99
"$@"
status=$?
cp -a "$folder/." "$result" || exit 99
exit $status
"""


def kill(project: Path, stage: Stage, after_s: float) -> End:
    """Kill only the stage: the processes that it started must end by themselves."""
    process = start(project, stage, DRILL_PROJECT=str(project))
    with suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    process.kill()
    until = time.monotonic() + SETTLE_S
    while (left := list(_started_for(project))) and time.monotonic() < until:
        time.sleep(POLL_S)
    for survivor in left:
        survivor.kill()
    end = ended(process)
    killed = end.status == -signal.SIGKILL
    said = f"{len(left)} PROCESSES SURVIVED" if left else "killed" if killed else "ended before"
    return End(end.status, said)


def _started_for(project: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.environ().get("DRILL_PROJECT") == str(project):
                yield process


def cut_power(project: Path, stage: Stage, after_s: float, *, zeros: bool) -> End:
    """Kill a stage and remove from each file what was not synced: cut it off, or put zeros in its place."""
    writes = project.with_name(f"{project.name}-writes")
    writes.mkdir()
    process = start(project, stage, PYTHONPATH=str(MACHINE), DRILL_WRITES=str(writes))
    with suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    harmed = 0
    for path, kept in _on_disk(writes).items():
        size = path.stat().st_size if path.is_file() else 0
        if size > kept:
            os.truncate(path, kept)
            if zeros:
                os.truncate(path, size)
            harmed += 1
    shutil.rmtree(writes)
    return End(-signal.SIGKILL, "files lost bytes" if harmed else "all files were synced")


def _on_disk(writes: Path) -> dict[Path, int]:
    """The bytes of each written file that a power cut leaves."""
    sizes: dict[Path, int] = {}
    for log in sorted(writes.iterdir()):
        for line in log.read_text(errors="surrogateescape").splitlines():
            what, path, value = line.split("\t")
            if what == "moved":
                sizes |= {
                    Path(value) / name.relative_to(path): sizes.pop(name)
                    for name in [name for name in sizes if name.is_relative_to(path)]
                }
            elif what == "synced" or Path(path) not in sizes:
                sizes[Path(path)] = int(value)
    return sizes


def limit_disk(project: Path, stage: Stage, options: str, remount: str = "") -> End:
    """Run a stage on a separate disk (`mount -t tmpfs -o OPTIONS`); the project holds the result."""
    disk, source = (project.with_name(f"{project.name}-{name}") for name in ("disk", "source"))
    disk.mkdir()
    project.rename(source)
    project.mkdir()
    given = [options, disk, source, project, remount, *command_of(stage)]
    process = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, "sh", *map(str, given)],
        env=environment_of(disk),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = ended(process)
    shutil.rmtree(source)
    disk.rmdir()
    if end.status == 99:
        raise RuntimeError(f"no disk of its own: {end.said}")
    return End(end.status, end.said.replace(str(disk), "…"))


def can_limit_disk() -> bool:
    """Whether this machine lets a user mount a disk."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "drill", "/mnt"]
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def space_of(project: Path) -> tuple[int, int]:
    """Bytes and inodes that a project takes on such a disk."""
    paths = list(project.rglob("*"))
    pages = sum(-(-path.lstat().st_size // PAGE) for path in paths if not path.is_dir())
    return pages * PAGE, len(paths) + 1


def run_twice(project: Path, stage: Stage) -> End:
    """Run a stage twice at once; returns what the failed one said, if one failed."""
    one, other = (ended(each) for each in [start(project, stage), start(project, stage)])
    failed = [end for end in (one, other) if end.status]
    if len(failed) == 2:
        return failed[0]
    return End(0, f"one of two: {failed[0].said}" if failed else "both ended well")


def jump_clock(project: Path, stage: Stage, after_s: float, jump_s: float) -> End:
    """Run a stage whose clock jumps."""
    return ended(start(project, stage, PYTHONPATH=str(MACHINE), DRILL_CLOCK=f"{after_s},{jump_s}"))


def kill_shop(project: Path, stage: Stage, after_s: float) -> End:
    """Run a crawl whose shop dies."""
    process = start(project, stage, DRILL_PROJECT=str(project))
    with suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    for found in _started_for(project):
        with suppress(psutil.Error):
            if "demo_shop" in " ".join(found.cmdline()) and found.pid != process.pid:
                found.kill()
    return ended(process)
