"""`python -m flows.leash [--grace-s S] MODULE ...`: run a module that ends, with all it started, when asked.

A killed flow cannot end what it started, and neither DVC nor Prefect's server notices that its starter is
gone. With `--grace-s`, SIGTERM and the starter's end stop what the module started, such as a stage of DVC,
and the module waits for that; without, all end at once. Start this module as the first process of its group.

DVC starts stages by the shell that SHELL names. A service's account has none there, but `nologin`: then it is
/bin/sh.
"""

import os
import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

from fashion_pggan.command.lifetime import SHELLS, end_with_starter, stopping_children

GRACE = "--grace-s"


def main(arguments: list[str]) -> None:
    """Run a module with its arguments."""
    grace_s = float(arguments[1]) if arguments[0] == GRACE else 0.0
    sys.argv = arguments[2:] if grace_s else arguments
    if Path(os.environ.get("SHELL", "")).name not in SHELLS:
        os.environ["SHELL"] = "/bin/sh"
    end_with_starter()
    with stopping_children(grace_s) if grace_s else nullcontext():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
