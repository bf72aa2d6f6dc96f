"""`python -m flows.leash MODULE ...`: run a module that ends, with all it started, when its starter does.

A killed flow cannot end what it started, and neither DVC nor Prefect's server notices that its starter is
gone. Start this module as the first process of its group.
"""

import runpy
import sys

from fashion_pggan.command.lifetime import end_with_starter

if __name__ == "__main__":
    end_with_starter()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
