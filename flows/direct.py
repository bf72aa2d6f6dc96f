"""A flow as a command: `python -m flows.full_flow`; needs no server."""

from pathlib import Path
from typing import Any

from prefect import Flow

from fashion_pggan.command import run_command
from flows.reproduction import check_workspace
from flows.server import ensure_server


def run_directly(flow: Flow[[], Any]) -> None:
    """Run `flow` now, in this process, and end with its result: status 0, or one line and another status."""

    def main() -> None:
        check_workspace(Path.cwd())
        ensure_server(temporary=True)
        flow()

    run_command(main)
