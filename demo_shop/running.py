"""A demo shop in a process of its own, for tests and benchmarks."""

import subprocess
import sys
from types import TracebackType
from typing import Self

from fashion_pggan.command.lifetime import owned
from fashion_pggan.errors import UserError

STOP_S = 5.0  # seconds


class RunningShop:
    """A running demo shop; use as a context manager.

    Args:
        arguments: options of `python -m demo_shop`, without `--port`.
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.url = ""
        self.products = 0

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "demo_shop", "--port", "0", *self.arguments]
        self.process = subprocess.Popen(
            command, env=owned(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout  # because of PIPE
        line = self.process.stdout.readline().split()
        if line[:2] != ["demo", "shop:"]:
            _, said = self.process.communicate(timeout=STOP_S)
            raise UserError(
                f"the demo shop did not start ({said.strip()}): "
                "run it yourself to see why (fashion-pggan demo-shop)"
            )
        self.products, self.url = int(line[2]), line[-1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
