"""Whatever we start ends with its starter, also when that one died before it was looked for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from fashion_pggan.command.lifetime import OWNER, owned, stopping_children
from tests.running import ended

GONE_S = 30.0  # seconds, on a busy machine
CHILD = """
import time
from fashion_pggan.command.lifetime import end_with_starter
end_with_starter()
print("watching", flush=True)
time.sleep(60)
"""
# starts a command with a mark in its environment, through a shell that stays, and prints nothing
STARTER = """
import os, subprocess, sys
environment = {**os.environ, sys.argv[1]: "1"}
subprocess.Popen(["sh", "-c", '"$0" -c "$1"; true', sys.executable, sys.argv[2]], env=environment).wait()
"""


def test_an_environment_names_its_owner() -> None:
    assert owned() == {**os.environ, OWNER: str(os.getpid())}


def test_a_process_ends_with_its_owner() -> None:
    with subprocess.Popen(["sleep", "60"]) as owner:
        environment = {**os.environ, OWNER: str(owner.pid)}
        with subprocess.Popen(
            [sys.executable, "-c", CHILD], env=environment, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout
            assert child.stdout.readline() == "watching\n"
            owner.kill()
            assert child.wait(GONE_S) == -9


def test_a_process_whose_owner_is_gone_before_it_looks_ends_at_once() -> None:
    with subprocess.Popen(["true"]) as owner:
        owner.wait()
    environment = {**os.environ, OWNER: str(owner.pid)}
    done = subprocess.run([sys.executable, "-c", CHILD], env=environment, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (-9, b"")


def test_a_process_that_nobody_owns_goes_on() -> None:
    environment = {name: value for name, value in os.environ.items() if name != OWNER}
    program = CHILD.replace("time.sleep(60)", "time.sleep(0)")
    done = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (0, b"watching\n")


@pytest.mark.parametrize("mark", ["DVC_STAGE", "TORCHELASTIC_RUN_ID", "PREFECT__FLOW_RUN_ID"])
def test_a_process_ends_with_what_marked_it_though_a_shell_stays_between(mark: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, mark, CHILD], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == "watching\n"
        below = psutil.Process(starter.pid).children(recursive=True)
        child = next(one for one in below if one.name() != "sh")
        starter.kill()
        assert ended(child)


def test_an_orphan_ends_before_it_works(tmp_path: Path) -> None:
    """Its shell outlives DVC, and it looks for DVC only after that one's death."""
    gate, said = tmp_path / "gate", tmp_path / "said"
    os.mkfifo(gate)
    command = f'read line < {gate}; "{sys.executable}" -c "$0" > {said}; echo $? >> {said}'
    starter = (
        "import os, subprocess, sys; "
        "subprocess.Popen(['sh', '-c', *sys.argv[1:]], env={**os.environ, 'DVC_STAGE': 'crawl'}).wait()"
    )
    with (
        subprocess.Popen([sys.executable, "-c", starter, command, CHILD]) as dvc,
        gate.open("w") as opened,  # waits until the shell reads, so that DVC has started it
    ):
        (shell,) = psutil.Process(dvc.pid).children()
        dvc.kill()
        dvc.wait()
        opened.write("go\n")
    assert ended(shell)
    assert said.read_text() == "137\n"


SAVING = """
import signal, sys, time
from fashion_pggan.command.lifetime import end_with_starter, time_to_save
def save(number, frame):
    print("saving", flush=True)
    if sys.argv[1] == "quick":
        sys.exit(7)
signal.signal(signal.SIGTERM, save)
with time_to_save(0.5):
    end_with_starter()
    print("watching", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(("speed", "status"), [("quick", 7), ("slow", -9)])
def test_a_process_with_something_to_save_is_asked_first_and_killed_when_its_time_is_over(
    speed: str, status: int
) -> None:
    with subprocess.Popen(["sleep", "60"]) as owner:
        environment = {**os.environ, OWNER: str(owner.pid)}
        command = [sys.executable, "-c", SAVING, speed]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            assert child.stdout.readline() == "watching\n"
            owner.kill()
            assert child.wait(GONE_S) == status
            assert child.stdout.read() == "saving\n"


WRAPPER = """
import subprocess, sys
from fashion_pggan.command.lifetime import stopping_children
with stopping_children(30.0) as came:
    status = subprocess.run([*sys.argv[2:], sys.executable, "-c", sys.argv[1]]).returncode
print(came, status)
"""
WORK = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("saved", flush=True), sys.exit(3)))
print("working", flush=True)
time.sleep(60)
"""


def test_a_wrapper_passes_a_request_to_stop_on_and_waits() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRAPPER, WORK], stdout=subprocess.PIPE, text=True
    ) as wrapper:
        assert wrapper.stdout
        assert wrapper.stdout.readline() == "working\n"
        wrapper.terminate()
        assert wrapper.wait(GONE_S) == 0
        assert wrapper.stdout.read() == "saved\n[15] 3\n"


def test_a_wrapper_that_runs_nothing_ends_soon_after_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at once: a child that had the same signal may have ended, which its starter still records."""
    monkeypatch.setattr(psutil.Process, "children", lambda self: [])  # other tests' helpers may run on
    with stopping_children(30.0) as came:
        os.kill(os.getpid(), signal.SIGTERM)
        assert came == [signal.SIGTERM]
        with pytest.raises(KeyboardInterrupt):
            time.sleep(GONE_S)


def test_a_command_below_a_shell_is_asked_and_waited_for_though_the_shell_ends_first() -> None:
    slow = WORK.replace('print("saved"', 'time.sleep(0.1) or print("saved"')
    with subprocess.Popen(
        [sys.executable, "-c", WRAPPER, slow, "sh", "-c", '"$@"; echo went on', "sh"],
        stdout=subprocess.PIPE,
        text=True,
    ) as wrapper:
        assert wrapper.stdout
        assert wrapper.stdout.readline() == "working\n"
        wrapper.terminate()
        assert wrapper.wait(GONE_S) == 0
        assert sorted(wrapper.stdout.read().splitlines()) == ["[15] -15", "saved"]
