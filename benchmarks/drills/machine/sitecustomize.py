"""A machine with a bad clock, or that loses power: imported first by a Python with this on its PYTHONPATH.

DRILL_CLOCK=DELAY,JUMP: after DELAY seconds `time.time` jumps by JUMP seconds.
DRILL_WRITES=FOLDER: each process writes there which files it opened for writing, renamed and synced,
with the bytes of each that were already there, or on disk.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

if os.environ.get("DRILL_CLOCK"):
    _delay, _jump = (float(part) for part in os.environ["DRILL_CLOCK"].split(","))
    _began, _time, _time_ns = time.monotonic(), time.time, time.time_ns

    def _jumped() -> float:
        return _jump if time.monotonic() - _began > _delay else 0.0

    time.time = lambda: _time() + _jumped()
    time.time_ns = lambda: _time_ns() + int(_jumped() * 1e9)

if os.environ.get("DRILL_WRITES"):
    _log = os.open(f"{os.environ['DRILL_WRITES']}/{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _fsync = os.fsync

    def _note(*words: object) -> None:
        os.write(_log, os.fsencode("\t".join(map(str, words)) + "\n"))

    def _sync(handle: Any) -> None:
        _fsync(handle)
        number = handle if isinstance(handle, int) else handle.fileno()
        _note("synced", Path(f"/proc/self/fd/{number}").readlink(), os.fstat(number).st_size)

    def _watch(event: str, arguments: Any) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path, flags = Path(os.fsdecode(arguments[0])).absolute(), arguments[2] or 0
            if flags & (os.O_WRONLY | os.O_RDWR):
                kept = path.is_file() and not flags & os.O_TRUNC
                _note("opened", path, path.stat().st_size if kept else 0)
        elif event == "os.rename":
            _note("moved", *(Path(os.fsdecode(name)).absolute() for name in arguments[:2]))

    os.fsync = _sync  # type: ignore[assignment]  # stands in for it
    sys.addaudithook(_watch)
