"""Threads that wait sleep, so that other programs on the same cores do not slow PyTorch down."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys, os, importlib
importlib.import_module(sys.argv[1])
print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize("package", ["train", "generate", "evaluate"])
def test_a_stage_says_how_threads_wait_before_pytorch_is_loaded(package):
    program = "import sys; sys.modules['torch'] = None\n" + PROGRAM  # importing PyTorch would fail
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    for given, expected in (({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")):
        done = subprocess.run(
            [sys.executable, "-c", program, package],
            env=environment | given,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() == expected
