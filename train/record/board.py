"""Serves TensorBoard on loopback, names runs for people, and keeps pages of other sites out."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.loopback import HEADERS, refusal
from train.lineage.title import presets_here, title_of

LOOPBACK = "127.0.0.1"
READ_EVERY_S = 5.0  # seconds, as TensorBoard does

log = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]  # of WSGI


def serve_board(runs: Path, port: int) -> None:
    """Serve TensorBoard for the runs in a folder until interrupted.

    Raises:
        UserError: there is no such folder, or the port is in use.
    """
    if not runs.is_dir():
        raise UserError(f"no folder {runs}: train first (dvc repro train), or give --runs")
    from tensorboard import program
    from tensorboard.backend.event_processing.data_ingester import LocalDataIngester

    def server(application: Application, flags: Any) -> Any:
        made = program.WerkzeugServer(guarded(application), flags)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it logs every request
        return made

    logging.getLogger("tensorboard").setLevel(logging.WARNING)  # it logs every load

    class Board(program.TensorBoard):  # type: ignore[misc]  # TensorBoard has no types
        def _make_data_ingester(self) -> Any:
            ingester = LocalDataIngester(self.flags)
            reading = Titled(runs, ingester.deprecated_multiplexer)
            threading.Thread(target=reading.follow, daemon=True).start()
            return ingester

    board = Board(server_class=server)
    # load_fast: a process of TensorBoard would answer whoever asks at a port of its own
    board.configure(logdir=str(runs), host=LOOPBACK, port=port, load_fast="false")
    try:
        url = board.launch()  # unlike main(), without a file in the folder of temporary files
    except program.TensorBoardServerException as error:
        raise UserError(f"TensorBoard does not start at port {port}: give another --port, or 0") from error
    log.info("TensorBoard at %s (Ctrl-C ends it)", url)
    threading.Event().wait()


class Titled:
    """Reads the events of all runs below a folder, again and again; a run has its title for a name.

    Args:
        runs: the folder.
        multiplexer: what TensorBoard shows.
    """

    def __init__(self, runs: Path, multiplexer: Any) -> None:
        self.runs, self.multiplexer, self.presets = runs, multiplexer, presets_here()
        self.titles: dict[Path, str] = {}  # by the folder of events

    def follow(self) -> None:
        """Read until the process ends."""
        while True:
            with suppress(OSError):  # a run that is removed at this moment
                self.read()
            time.sleep(READ_EVERY_S)

    def read(self) -> None:
        """Read what is new."""
        for events in sorted(self.runs.rglob("tensorboard/")):
            if events not in self.titles and any(file.stat().st_size for file in events.iterdir()):
                self.titles[events] = title_of(events.parent, self.presets)
                self.multiplexer.AddRun(str(events), self.titles[events])
        self.multiplexer.Reload()


def guarded(application: Application) -> Application:
    """The application, wrapped to refuse requests from pages of other sites."""

    def answer(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def closed(status: str, answered: Iterable[tuple[str, str]], *error: Any) -> Any:
            return start(status, [*answered, *HEADERS.items()], *error)

        headers = {"Host": request.get("HTTP_HOST", "")}
        if "HTTP_ORIGIN" in request:
            headers["Origin"] = request["HTTP_ORIGIN"]
        if why := refusal(request["REQUEST_METHOD"], headers):
            start("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [why.encode()]
        return application(request, closed)

    return answer
