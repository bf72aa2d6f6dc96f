"""`python -m demo_shop`: a shop on loopback, of drawn garments or of a folder's pictures."""

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from aiohttp import web

from demo_shop.catalogue import Catalogue, Folder
from demo_shop.drawn import Drawn
from demo_shop.server import Shop
from fashion_pggan.command import end_with_parent, run_command
from fashion_pggan.errors import UserError

PORT = 8765


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m demo_shop", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help=f"0: any free one (default: {PORT})")
    parser.add_argument("--products", type=int, default=900, help="garments to draw (default: 900)")
    parser.add_argument("--pictures", type=Path, help="a folder to serve instead of drawn garments")
    parser.add_argument("--labels", type=Path, help="CSV with the columns file,label (default: FOLDER.csv)")
    parser.add_argument("--public-url", default="", help="what links begin with (default: the address asked)")
    parser.add_argument("--end-with-parent", action="store_true", help="end when the starting process ends")
    arguments = parser.parse_args()
    if arguments.end_with_parent:
        end_with_parent()
    shop = Shop(_catalogue_of(arguments), arguments.public_url)
    asyncio.run(_serve(shop, arguments.host, arguments.port))


def _catalogue_of(arguments: argparse.Namespace) -> Catalogue:
    if arguments.pictures:
        return Folder(arguments.pictures, arguments.labels)
    if arguments.products < 0:
        raise UserError(f"--products {arguments.products}: give 0 or more")
    return Drawn(arguments.products)


async def _serve(shop: Shop, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(shop.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        raise UserError(f"--port {port}: {error.strerror}: give another, or 0 for any free one") from error
    assert runner.addresses
    place = f"http://{host}:{runner.addresses[0][1]}"
    with contextlib.suppress(BrokenPipeError):
        print(f"demo shop: {len(shop.catalogue)} products at {place}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    run_command(main)
