"""A task on a Dask worker: it runs items if the worker has the same program and libraries."""

import pickle
import platform
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from curate.workers.child import outcomes_of
from fashion_pggan.errors import UserError
from fashion_pggan.program import program_of

PROGRAM = ("curate", "fashion_pggan")  # the packages that run on the workers
LIBRARIES = ("distributed", "numpy", "opencv-python-headless", "pillow", "simplejpeg")  # say what pixels are


class Task:
    """A call of `work` that happens where it is unpickled.

    Dask gets only `pickle.loads` and bytes. A worker that gets something that it cannot import would end, and
    the client would never know.
    """

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any], limit_s: int) -> None:
        self.call = pickle.dumps((function, items)), limit_s, environment()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return work, self.call


def work(call: bytes, limit_s: int, expected: Mapping[str, str]) -> list[bytes | None]:
    """Call a function on items in this thread's child process.

    Args:
        call: the function and the items, pickled.
        limit_s: seconds for one item; after that its process is ended.
        expected: the environment of the calling program.

    Returns:
        Pickled outcomes, in the order of the items (`curate.workers.child.outcomes_of`).

    Raises:
        UserError: the environment is another, or no process can be started.
    """
    here = environment()
    others = ((name, here.get(name), asked) for name, asked in expected.items())
    differing = [f"{name} {found}, not {asked}" for name, found, asked in others if found != asked]
    if differing:
        raise UserError(
            f"the Dask worker on {platform.node()} has {'; '.join(differing)}: install the same commit there "
            "with pip install -c constraints.txt, and start the worker again"
        )
    function, items = pickle.loads(call)
    return outcomes_of(function, items, limit_s)


@cache
def environment() -> Mapping[str, str]:
    """What results depend on besides their input; another environment could make another dataset."""
    versions = {"program": program_of(*PROGRAM), "python": ".".join(platform.python_version_tuple()[:2])}
    return versions | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
