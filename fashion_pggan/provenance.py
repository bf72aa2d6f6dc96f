"""Where a figure comes from: the commit of the program, and the machine."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fashion_pggan.program import REPOSITORY, meaning_of

NAME = "fashion-pggan"
PACKAGES = ("crawler", "curate", "demo_shop", "evaluate", "fashion_pggan", "generate", "train")
CPU_FACTS = Path("/proc/cpuinfo")  # Linux; on other systems the platform module knows
SEARCHED = 200  # commits at most


def commit_of(*packages: str) -> str:
    """Name and version of this program, and the commit that last changed what some packages compute."""
    try:
        number = version(NAME)
    except PackageNotFoundError:
        number = "(not installed)"
    commit, changed = _last_change(packages)
    note = " with changes that are not committed" if changed else ""
    return f"{NAME} {number}, commit {commit[:7]}{note}" if commit else f"{NAME} {number}"


def git_commit() -> str:
    """The commit that last changed what the program computes.

    It ends in `-dirty` when the working tree computes something else. Outside git it is `unknown`.
    """
    commit, changed = _last_change(PACKAGES)
    return f"{commit}-dirty" if commit and changed else commit or "unknown"


def _last_change(packages: tuple[str, ...]) -> tuple[str, bool]:
    """The last commit that changed what packages compute, and whether the working tree changes it again.

    It ignores commits that change only comments, docstrings or layout: results name the same commit before
    and after them. The commit is empty outside the program's own git repository.
    """
    paths = [package.replace(".", "/") for package in packages]
    if not _git("ls-files", "--", *paths):  # git is missing, or the program is inside another project
        return "", False
    added = _names("ls-files", "-z", "--others", "--exclude-standard", "--", *paths)
    changed = _names("diff", "--name-only", "-z", "--relative", "HEAD", "--", *paths)
    commits = _git("log", "--first-parent", f"--max-count={SEARCHED}", "--format=%H", "--", *paths).split()
    last = next((commit for commit in commits if _matters(commit, paths)), commits[-1] if commits else "")
    return last, bool(added) or any(_differs(_committed("HEAD", name), _here(name), name) for name in changed)


def _matters(commit: str, paths: list[str]) -> bool:
    """Whether a commit changes what some paths compute."""
    before = f"{commit}^"
    if not _git("rev-parse", "--verify", "--quiet", before):
        return True  # the first one
    names = _names("diff", "--name-only", "-z", "--relative", "--no-renames", before, commit, "--", *paths)
    return any(_differs(_committed(before, name), _committed(commit, name), name) for name in names)


def _differs(before: bytes, after: bytes, name: str) -> bool:
    """Whether two versions of a file compute different things; an absent file counts as empty."""
    try:
        return not (before and after) or meaning_of(name, before) != meaning_of(name, after)
    except SyntaxError:
        return True


def _here(name: str) -> bytes:
    path = REPOSITORY / name
    return path.read_bytes() if path.is_file() else b""


def _committed(commit: str, name: str) -> bytes:
    return _output("show", f"{commit}:./{name}")


def _names(*arguments: str) -> list[str]:
    return [name for name in _git(*arguments).split("\0") if name]


def _git(*arguments: str) -> str:
    return _output(*arguments).decode(errors="replace")


def _output(*arguments: str) -> bytes:
    """The output of git; empty when git is missing or this is not a repository."""
    command = ["git", *arguments]
    try:
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return b""


def cores() -> str:
    """This machine's processor, as `2 x name of the processor`, without the machine's name."""
    return f"{os.cpu_count() or 1} x {_processor()}"


def _processor() -> str:
    try:
        lines = CPU_FACTS.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, names), "") or platform.processor() or platform.machine() or "unknown processor"
