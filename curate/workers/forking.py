"""The process that workers are forked from. It imports once what all of them need."""

from multiprocessing import forkserver

PRELOADED = "curate.known.examine"


def start() -> None:
    """Start it, so that it imports while this process does. It ends with this process."""
    forkserver.set_forkserver_preload([PRELOADED])
    forkserver.ensure_running()
