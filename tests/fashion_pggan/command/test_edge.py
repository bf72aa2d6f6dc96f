"""Every command's edge: one line and a status, whatever happens."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.running import ended

PROGRAM = """
import errno, sys, time
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import PassingError, UserError

def main():
    {body}

run_command(main)
"""


def start(body: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment or None,
    )


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("pass", 0, ""),
        ("raise UserError('no images in x: give another')", 1, "error: no images in x: give another\n"),
        ("raise PassingError('busy: run again later')", 75, "error: busy: run again later\n"),
        ("raise KeyboardInterrupt", 130, ""),
        (r"raise UserError('no \x1b[2J here')", 1, "error: no \\x1b[2J here\n"),
        (r"import logging; logging.warning('%s', 'a \x1b]0;b\x07\u202e')", 0, "a \\x1b]0;b\\x07\\u202e\n"),
        (r"import logging; logging.warning('%s', 'a\nerror: b')", 0, "a\\nerror: b\n"),
        (r"raise UserError('no a\nerror: b here')", 1, "error: no a\\nerror: b here\n"),
        (
            "open('.', 'w')",
            1,
            (
                "error: Is a directory (.): remove the cause and run the same command again; "
                "what was finished before is kept\n"
            ),
        ),
        (
            "raise OSError(errno.EIO, 'Input/output error', 'data/raw/1.jpg')",
            1,
            (
                "error: Input/output error (data/raw/1.jpg): remove the cause and run the same "
                "command again; what was finished before is kept\n"
            ),
        ),
        (
            "raise OSError(errno.ENOSPC, 'No space left on device', 'data/raw')",
            1,
            (
                "error: cannot write: No space left on device (data/raw): remove the cause and run the same "
                "command again; what was finished before is kept\n"
            ),
        ),
    ],
)
def test_an_end_is_one_line_and_a_status(body: str, status: int, said: str) -> None:
    with start(body) as process:
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (status, said)


@pytest.mark.parametrize("body", ["raise KeyError('levels')", "raise OSError(errno.EBADF, 'Bad file')"])
def test_a_fault_of_ours_keeps_its_traceback(body: str) -> None:
    with start(body) as process:
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr.startswith("Traceback")


def test_a_terminated_command_cleans_up_and_says_so_by_its_status() -> None:
    body = (
        "try:\n        print('at work', flush=True); time.sleep(60)\n"
        "    finally:\n        print('cleaned up')"
    )
    with start(body) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (143, "cleaned up\n")


def test_a_command_that_is_terminated_in_an_import_that_swallows_exceptions_ends(tmp_path) -> None:
    (tmp_path / "deaf.py").write_text(
        "import time\ntry: print('here', flush=True); time.sleep(9)\nexcept BaseException: time.sleep(9)\n"
    )
    with start(f"sys.path.append({str(tmp_path)!r}); import deaf") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143


@pytest.mark.parametrize("keep_the_shell", ["", "; true"])
def test_a_stage_ends_with_dvc_whether_or_not_dvcs_shell_stays(keep_the_shell: str, tmp_path) -> None:
    program = tmp_path / "stage.py"
    program.write_text(PROGRAM.format(body="print('at work', flush=True); time.sleep(60)"))
    dvc = tmp_path / "dvc.py"
    command = f"{sys.executable} {program}{keep_the_shell}"
    dvc.write_text(
        "import os, subprocess\n"
        "environment = {**os.environ, 'DVC_STAGE': 'crawl'}\n"
        f"subprocess.run({command!r}, shell=True, executable='/bin/sh', env=environment)"
    )
    with subprocess.Popen([sys.executable, str(dvc)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        stage = next(
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if child.name() not in {"sh", "dash", "bash"}
        )
        process.kill()
        assert ended(stage), "the stage lives on"
