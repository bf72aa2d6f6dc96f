"""`python -m flows.leash PARENT MODULE ...`: run a module that ends, with all it started, when PARENT does.

A flow that is killed can end nothing itself, and neither DVC nor Prefect's server looks for its parent.
Must be started as the first process of its own group.
"""

import os
import runpy
import signal
import sys
import threading
import time

PARENT_CHECK_S = 0.5  # seconds between two looks at whether the parent is still there


def main() -> None:
    """Watch the parent and run the module in this process."""
    parent, module = int(sys.argv[1]), sys.argv[2]
    threading.Thread(target=_end_with, args=[parent], daemon=True, name="leash").start()
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
