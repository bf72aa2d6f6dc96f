"""How much memory a process and its children take at most; Linux alone."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

EVERY_S = 0.2  # seconds between two looks


class PeakMemory:
    """While entered, watches a process and all below it; `peak` is in bytes.

    It counts private memory. It leaves out mapped pages of files: the system drops them when memory is short.
    """

    def __init__(self, pid: int | None = None) -> None:
        self.peak = 0
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._watch.join()

    def _look_on(self) -> None:
        while True:
            try:
                below = self._process.children(recursive=True)
                self.peak = max(
                    self.peak, sum(_own_bytes(process.pid) for process in (self._process, *below))
                )
            except psutil.Error:  # it has just ended
                pass
            if self._done.wait(EVERY_S):
                return


def _own_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Anonymous:", "Swap:")))
