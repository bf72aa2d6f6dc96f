"""`bash benchmarks/gpu.sh …`: prepare, rehearse, or run one of the two calls."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from benchmarks.gpu.places import CHECKOUT, Carried
from benchmarks.gpu.running import run_call
from benchmarks.gpu.steps import LIMITS, TINY, Sizes

PHOTOGRAPHS = CHECKOUT.parent / "shared/images/tops"


def main() -> None:
    """Do what the arguments ask for; end with 1 where a step did not go well."""
    given, explain = _arguments()
    if given.prepare:
        from benchmarks.gpu.prepare import prepare

        prepare(Carried(), given.prepare)
    elif given.rehearse:
        from benchmarks.gpu.rehearsal import rehearse

        sys.exit(not rehearse())
    elif given.call and given.folder:
        carried = Carried(given.tiny) if given.tiny else Carried()
        if not carried.wheels.is_dir():
            sys.exit(
                f"error: no {carried.folder} here: run gpu.sh --prepare first, and take the folder along"
            )
        sys.exit(not run_call(given.call, given.folder, carried, TINY if given.tiny else Sizes()))
    else:
        explain("give --prepare, --rehearse, or a call and a folder for its results")


def _arguments() -> tuple[argparse.Namespace, Callable[[str], NoReturn]]:
    parser = argparse.ArgumentParser(prog="bash benchmarks/gpu.sh", description=__doc__)
    parser.add_argument("call", nargs="?", choices=LIMITS, help="run this call, on the borrowed machine")
    parser.add_argument("folder", nargs="?", type=Path, help="for the results")
    parser.add_argument(
        "--prepare", metavar="IMAGES", nargs="?", const=PHOTOGRAPHS, type=Path, help="fill .gpu"
    )
    parser.add_argument("--rehearse", action="store_true", help="both calls with tiny sizes, without a GPU")
    parser.add_argument("--tiny", type=Path, help=argparse.SUPPRESS)  # a rehearsal's carried folder
    return parser.parse_args(), parser.error


if __name__ == "__main__":
    main()
