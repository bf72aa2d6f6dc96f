"""`python -m generate.explore`: a page on this machine to walk about a generator's latent space."""

import argparse
import errno
import logging
import socket
from pathlib import Path

from aiohttp import web

from fashion_pggan.command import run_command
from fashion_pggan.devices import device_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import INDEX
from generate.checks.neighbours import Training
from generate.explore.scene import Scene
from generate.explore.server import LOOPBACK, application
from generate.sampling.sampler import Sampler, snapshots_in

PORT = 8807

log = logging.getLogger(__name__)


def main() -> None:
    """Parse the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m generate.explore", description=__doc__)
    parser.add_argument(
        "snapshot",
        type=Path,
        nargs="?",
        default=Path("models"),
        help="a .safetensors file, or a folder of models",
    )
    parser.add_argument("--data", type=Path, default=Path("data/curated"), help="the training dataset")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    given = parser.parse_args()
    if not 0 <= given.port < 65536:
        raise UserError(f"--port {given.port}: give 1 to 65535, or 0 for a free one")
    source = snapshots_in(given.snapshot)[-1] if given.snapshot.is_dir() else given.snapshot
    if source == Path("models"):
        raise UserError(
            "no folder models here: train first (make demo, or dvc repro train), or name a snapshot"
        )
    sampler = Sampler.load(source, device_of(given.device))
    _serve(Scene(sampler, *_training(given.data, sampler)), given.port)


def _training(folder: Path, sampler: Sampler) -> tuple[Training | None, str]:
    """The training dataset, or why there is none."""
    if not (folder / INDEX).is_file():
        return None, f"no dataset in {folder}: start with --data to see the nearest training images"
    try:
        return Training.of(folder, sampler), ""
    except UserError as error:
        return None, str(error)


def _serve(scene: Scene, port: int) -> None:
    try:
        with socket.create_server((LOOPBACK, port)) as listening:
            log.info("explorer: http://%s:%d/ (Ctrl-C ends it)", LOOPBACK, listening.getsockname()[1])
            web.run_app(application(scene), sock=listening, print=None, access_log=None)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UserError(f"port {port} is in use: end what uses it, or give another --port") from error


if __name__ == "__main__":
    run_command(main)
