"""A flow here and now: in this process, with a server for this run alone where none answers."""

from pathlib import Path
from typing import Any

from prefect import Flow

from flows.reproduction import check_workspace
from flows.server.server import ensure_server


def run_directly(flow: Flow[[], Any]) -> None:
    """Run `flow` to its end.

    Raises:
        UserError: this is no place where DVC can work, no server can be started, or a stage failed.
    """
    check_workspace(Path.cwd())
    ensure_server(temporary=True)
    flow()
