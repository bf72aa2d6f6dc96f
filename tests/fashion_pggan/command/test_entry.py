"""The beginning of every command: Ctrl-C while modules are imported ends it without a word."""

import signal
import subprocess
import sys

import pytest

INTERRUPTED = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "cyclopts":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
signal.signal(signal.SIGINT, signal.{handler})
sys.argv[1:] = ["--version"]

from fashion_pggan.command.entry import main
main()
"""


@pytest.mark.parametrize(
    ("handler", "status"), [("default_int_handler", 128 + signal.SIGINT), ("SIG_IGN", 0)]
)
def test_an_interruption_while_modules_are_imported_prints_nothing(handler: str, status: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(handler=handler)], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (status, "")
    assert bool(ended.stdout) == (status == 0)
