"""Runs a flow in this process, with a server for this run alone when none answers."""

from pathlib import Path
from typing import Any

from prefect import Flow

from flows.reproduction import check_workspace
from flows.server.server import ensure_server


def run_directly(flow: Flow[[], Any]) -> None:
    """Run `flow` to its end.

    Raises:
        UserError: DVC cannot work in this folder, no server can be started, or a stage failed.
    """
    check_workspace(Path.cwd())
    ensure_server(temporary=True)
    flow()
