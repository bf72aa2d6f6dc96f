"""Runs one stage through DVC in a subprocess: passes on its lines, ends it when we end, reads its outcome."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.escaped import printable
from flows.leash import GRACE

STOP_S = 10.0  # seconds a stage may take to stop; then it is killed. Training has its own, `train.grace_s`
KILL_S = 2.0  # seconds more for DVC to tell of it
CLONE = "FASHION_PGGAN_CLONE"  # in the environment of a worker: the clone of the repository that it works in
WORKER = "PREFECT__FLOW_RUN_ID"  # in the environment of a run that Prefect has started
PARAMS = Path("params.yaml")  # in the root of the repository, as in dvc.yaml
# what DVC advises after a stage, for those who commit by hand
HINT = re.compile(
    r"To (track the changes with git|enable auto staging), run:"
    r"|(\s|\\t)*(git add|dvc config core\.autostage) |Use `dvc push`"
)

# in a dry run DVC ends at the first stage whose input an earlier one is yet to make
STUCK = re.compile(
    r"^Running stage '[\s\S]*"
    r"^ERROR: failed to reproduce '(\w+)': \[Errno 2\] No such file or directory: '(.+)'$",
    re.MULTILINE,
)


class Outcome(StrEnum):
    """What DVC did."""

    RAN = "Ran"
    UNCHANGED = "Unchanged"  # no dependency of the stage had changed
    RESTORED = "Restored"  # DVC restored the outputs of an earlier run with the same inputs


class StageError(UserError):
    """A stage that failed: one line for people.

    Args:
        text: what failed, why, and what to do.
        status: the stage's own exit status; None when it did not get as far.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status

    @property
    def may_pass(self) -> bool:
        """Whether the stage says that the same command may succeed later."""
        return self.status == os.EX_TEMPFAIL


def reproduce(stage: str, say: Callable[[str], None], *, again: bool = False) -> Outcome:
    """Run `dvc repro --single-item` for `stage` in the working directory, with our own `python` on PATH.

    Args:
        stage: its name in dvc.yaml.
        say: called with each line that DVC and the stage print, as it comes.
        again: run it although nothing that it depends on has changed.

    Raises:
        StageError: DVC or the stage failed, or another DVC uses the same files.
        UserError: DVC cannot work in this folder.
    """
    check_workspace(Path.cwd())
    how = ["--wait-for-lock", "repro", "--single-item", *(["--force"] if again else [])]
    status, lines = _followed(grace_of(stage), ["dvc", *how, stage], say)
    if status:
        raise failure_of(stage, lines)
    return outcome_of(stage, lines)


def experiment(name: str, overrides: Sequence[str], say: Callable[[str], None]) -> None:
    """Run all stages as an experiment of DVC in a folder of its own; the workspace stays as it is.

    Args:
        name: of the experiment.
        overrides: as `dvc exp run --set-param` takes them.
        say: called with each line that DVC and the stages print, as it comes.

    Raises:
        StageError: a stage failed, or DVC cannot run it.
        UserError: DVC cannot work in this folder.
    """
    check_workspace(Path.cwd())
    changed = [word for each in overrides for word in ("--set-param", each)]
    status, lines = _followed(
        grace_of("train"), ["dvc", "exp", "run", "--temp", "--name", name, *changed], say
    )
    if status:
        raise StageError(f"experiment {name} failed: {_reason(lines, status)}", status)


def plan(say: Callable[[str], None]) -> None:
    """Say which stages would run, without running them; raises what `reproduce` raises."""
    check_workspace(Path.cwd())
    status, lines = _followed(STOP_S, ["dvc", "--wait-for-lock", "repro", "--dry"], _nothing)
    stuck = STUCK.search("\n".join(lines)) if status else None
    if status and not stuck:
        raise failure_of("repro", lines)
    for line in lines:
        if not (HINT.match(line) or line.startswith("ERROR: ")):
            say(line)
    if stuck:
        say(f"stage '{stuck[1]}' and those after it would run: {stuck[2]} is yet to be made")


def _nothing(line: str) -> None:
    pass


def run_command(words: Sequence[str], say: Callable[[str], None]) -> None:
    """Run a command of ours that is no stage, as a stage is run.

    Args:
        words: as `fashion-pggan` takes them; the first one is a module.
        say: called with each line that it prints, as it comes.

    Raises:
        StageError: it failed.
    """
    status, lines = _followed(STOP_S, words, say)
    if status:
        raise StageError(f"{' '.join(words[:2])} failed: {_reason(lines, status)}", status)


def _followed(grace_s: float, command: Sequence[str], say: Callable[[str], None]) -> tuple[int, list[str]]:
    """The status of a module's run, and the lines that it printed."""
    lines = []
    with _started(grace_s, *command) as process:
        assert process.stdout is not None  # because of PIPE
        for line in process.stdout:
            if text := printable(line.rstrip()):
                lines.append(text)
                if not HINT.match(text):
                    say(text)
        return process.wait(), lines


def grace_of(stage: str) -> float:
    """Seconds that a stage has to stop."""
    with suppress(UserError, OSError):  # a stage says itself what is wrong with its parameters
        return load_params(PARAMS).train.grace_s if stage == "train" else STOP_S
    return STOP_S


def check_workspace(folder: Path) -> None:
    """Raise a UserError unless `folder` is a repository's root in which DVC can work."""
    if find_spec("dvc") is None:
        raise UserError(f"DVC is not installed for {sys.executable}: run make demo, which installs it")
    if not (folder / "dvc.yaml").is_file():
        at_work = WORKER in os.environ
        named = f" ({CLONE} is {os.environ[CLONE]})" if at_work and CLONE in os.environ else ""
        worker = f"; a worker starts there, or where {CLONE} says" if at_work else ""
        raise UserError(f"no dvc.yaml in {folder}{named}: run from the repository root{worker}")
    if not any((place / ".git").exists() for place in (folder, *folder.parents)):
        raise UserError(
            f"{folder} is in no git repository, which DVC needs: get it with git clone, or run git init"
        )
    if not (folder / ".dvc").is_dir():
        raise UserError(f"no .dvc in {folder}: restore it (git checkout .dvc), or run dvc init")


def outcome_of(stage: str, lines: list[str]) -> Outcome:
    """What the lines of a successful `dvc repro` say about `stage`."""
    if f"Stage '{stage}' didn't change, skipping" in lines:
        return Outcome.UNCHANGED
    if f"Stage '{stage}' is cached - skipping run, checking out outputs" in lines:
        return Outcome.RESTORED
    return Outcome.RAN


def failure_of(stage: str, lines: list[str]) -> StageError:
    """The lines of a failed `dvc repro` as one line: the stage's own error if it printed one."""
    dvc = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    said = dvc[-1] if dvc else "DVC said nothing"
    if exited := re.search(r"exited with (-?\d+)$", said):
        return StageError(f"stage {stage} failed: {_reason(lines, int(exited[1]))}", int(exited[1]))
    if "is busy" in said:
        owners = dict.fromkeys(re.findall(r"\((PID \d+)\): ", "\n".join(lines)))  # a line for each file
        return StageError(
            f"stage {stage} cannot start while another DVC runs ({'; '.join(owners)}): "
            "wait for it to end and run again"
        )
    return StageError(f"stage {stage} cannot run: {said}")


def _reason(lines: list[str], status: int) -> str:
    """Why a stage ended with `status`: its error, otherwise its last line."""
    command = next((number for number, line in enumerate(lines) if line.startswith("> ")), -1)
    own = [line for line in lines[command + 1 :] if not line.startswith("ERROR: ")]
    if errors := [line.removeprefix("error: ") for line in own if line.startswith("error: ")]:
        return errors[-1]
    if status < 0:
        return f"killed by signal {-status}" + (f", after: {own[-1]}" if own else "")
    return own[-1] if own else f"it said nothing and ended with status {status}"


@contextmanager
def _started(grace_s: float, *command: str) -> Iterator["subprocess.Popen[str]"]:
    binaries = Path(sys.executable).parent  # not resolved: the virtual environment's
    environment = {
        **owned(),
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "flows.leash", GRACE, str(grace_s), *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ) as process:
        try:
            yield process
        except BaseException:
            _end_group(process, grace_s)
            raise


def _end_group(process: "subprocess.Popen[str]", grace_s: float) -> None:
    """Have the leash stop DVC and its stage; kill what is left after `grace_s`."""
    with suppress(ProcessLookupError):
        # Not to the group: a shell in it would end before its command. Not SIGINT: DVC ignores it meanwhile.
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s + KILL_S)
        os.killpg(process.pid, signal.SIGKILL)
