"""Serves TensorBoard on loopback, and keeps pages of other sites out, as TensorBoard does not."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.loopback import HEADERS, refusal

LOOPBACK = "127.0.0.1"

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

    def server(application: Application, flags: Any) -> Any:
        made = program.WerkzeugServer(guarded(application), flags)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it logs every request
        return made

    logging.getLogger("tensorboard").setLevel(logging.WARNING)  # it logs every load

    board = program.TensorBoard(server_class=server)
    # load_fast: a process of TensorBoard would answer whoever asks at a port of its own
    board.configure(logdir=str(runs), host=LOOPBACK, port=port, load_fast="false")
    try:
        url = board.launch()  # unlike main(), without a file in the folder of temporary files
    except program.TensorBoardServerException as error:
        raise UserError(f"TensorBoard does not start at port {port}: give another --port, or 0") from error
    log.info("TensorBoard at %s (Ctrl-C ends it)", url)
    threading.Event().wait()


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
